import { type Behaviour, createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER } from '../src/connection/breaker.ts';
import { createConnection } from '../src/connection/connection.ts';
import { type ConnectionEvent, statusOf } from '../src/connection/machine.ts';

const MINUTE = 60;

interface Scene {
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
  becomes(behaviour: Behaviour): void;
  drop(code?: number, reason?: string): void;
  does(event: ConnectionEvent): void;
}

/** Every status with the second at which it began, and every attempt, in the order of their happening. Without jitter. */
async function timeline(behaviour: Behaviour, play: (scene: Scene) => Promise<void>): Promise<string[]> {
  const scheduler = createManualScheduler();
  const server = createScriptedServer(scheduler);
  server.behaviour = behaviour;
  const lines: string[] = [];
  const note = (text: string) => {
    const line = `${scheduler.now() / 1000} ${text}`;
    if (lines.at(-1) !== line) lines.push(line);
  };
  let last = '';
  const connection = createConnection({
    url: 'ws://test/sync',
    replica: 'replica-1',
    token: () => 'token',
    webSocket(url) {
      note('attempt');
      return server.webSocket(url);
    },
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler,
    random: () => 0,
    onState(state) {
      const { state: name } = statusOf(state);
      if (name !== last && name !== 'connecting') note(name);
      last = name;
    },
    onSession() {},
    onRows() {},
  });
  connection.dispatch({ type: 'start' });
  await play({
    pass: (seconds) => scheduler.advanceAsync(seconds * 1000),
    becomes(next) {
      server.behaviour = next;
    },
    drop: server.drop,
    does: connection.dispatch,
  });
  return lines;
}

describe('[CN17] whole timelines', () => {
  it('[CN17] a server that refuses', async () => {
    expect(await timeline('refuses', ({ pass }) => pass(11 * MINUTE))).toEqual([
      '0 attempt',
      '0 offline',
      '2 attempt',
      '2 offline',
      '6 attempt',
      '6 offline',
      '14 attempt',
      '14 offline',
      '30 attempt',
      '30 halted',
      '330 attempt',
      '330 halted',
      '630 attempt',
      '630 halted',
    ]);
  });

  it('[CN17] a server that accepts and stays silent', async () => {
    expect(await timeline('stays silent', ({ pass }) => pass(10 * MINUTE))).toEqual([
      '0 attempt',
      '10 offline',
      '12 attempt',
      '22 offline',
      '26 attempt',
      '36 offline',
      '44 attempt',
      '54 offline',
      '70 attempt',
      '80 halted',
      '380 attempt',
      '390 halted',
    ]);
  });

  it('[CN17] a server that accepts and drops after a second', async () => {
    expect(await timeline('accepts and drops', ({ pass }) => pass(10 * MINUTE))).toEqual([
      '0 attempt',
      '0 live',
      '1 offline',
      '3 attempt',
      '3 live',
      '4 offline',
      '8 attempt',
      '8 live',
      '9 offline',
      '17 attempt',
      '17 live',
      '18 offline',
      '34 attempt',
      '34 live',
      '35 halted',
      '335 attempt',
      '335 live',
      '336 halted',
    ]);
  });

  it('[CN17] a server of another version', async () => {
    expect(await timeline({ closes: 4426 }, ({ pass }) => pass(10 * MINUTE))).toEqual(['0 attempt', '0 failed']);
  });

  it('[CN17] a token that is refused, then a better one', async () => {
    const lines = await timeline({ closes: 4401 }, async ({ pass, does, becomes }) => {
      await pass(10 * MINUTE);
      does({ type: 'hint' });
      await pass(MINUTE);
      becomes('accepts');
      does({ type: 'retry' });
      await pass(MINUTE);
    });
    expect(lines).toEqual(['0 attempt', '0 needs-auth', '660 attempt', '660 live']);
  });

  it('[CN17] a server that asks to come back later, with and without a delay', async () => {
    const lines = await timeline('accepts', async ({ pass, drop }) => {
      await pass(10);
      drop(1013, 'retry-after=20000');
      await pass(30);
      drop(1013);
      await pass(10);
    });
    expect(lines).toEqual([
      '0 attempt',
      '0 live',
      '10 offline',
      '30 attempt',
      '30 live',
      '40 offline',
      '40 attempt',
      '40 live',
    ]);
  });

  it('[CN17] a probe that hangs, one that fails, one that succeeds', async () => {
    const lines = await timeline('refuses', async ({ pass, becomes }) => {
      await pass(31);
      becomes('hangs');
      await pass(310);
      becomes('refuses');
      await pass(300);
      becomes('accepts');
      await pass(310);
      becomes('refuses');
    });
    expect(lines.slice(-7)).toEqual([
      '30 halted',
      '330 attempt',
      '340 halted',
      '640 attempt',
      '640 halted',
      '940 attempt',
      '940 live',
    ]);
  });
});
