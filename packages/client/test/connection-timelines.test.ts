import { readFileSync } from 'node:fs';
import { type Behaviour, createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER } from '../src/connection/breaker.ts';
import { createConnection } from '../src/connection/connection.ts';
import { type ConnectionEvent, type ConnectionState, statusOf, transition, wakeAt } from '../src/connection/machine.ts';

const MINUTE = 60;

interface Scene {
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
  /** The laptop is shut for so many seconds. */
  sleep(seconds: number): Promise<void>;
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
    sleep: (seconds) => scheduler.sleep(seconds * 1000),
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

  it('[CN17] a laptop asleep for an hour finds its link dead, and comes back at once', async () => {
    const lines = await timeline('accepts', async ({ pass, sleep, becomes, does }) => {
      await pass(10);
      becomes('stays silent');
      await sleep(60 * MINUTE);
      becomes('accepts');
      does({ type: 'hint' });
      await pass(60);
    });
    expect(lines).toEqual(['0 attempt', '0 live', '3640 offline', '3640 attempt', '3640 live']);
  });

  it('[CN17] a laptop asleep while halted probes on waking, once, whoever asks', async () => {
    const lines = await timeline('refuses', async ({ pass, sleep, becomes, does }) => {
      await pass(31);
      becomes('accepts');
      await sleep(60 * MINUTE);
      for (let i = 0; i < 10; i++) {
        does({ type: 'retry' });
        does({ type: 'hint' });
      }
      await pass(10);
    });
    expect(lines.slice(-3)).toEqual(['30 halted', '3631 attempt', '3631 live']);
  });
});

describe('the machine', () => {
  const options = { backoff: DEFAULT_BACKOFF, breaker: DEFAULT_BREAKER };
  const circumstances = { now: 1_000_000, random: 0.5 };
  const shared = { since: 0, breaker: { linkFailures: 0, syncFailures: 0 }, hintedAt: 0 };

  const states: { readonly [N in ConnectionState['name']]: Extract<ConnectionState, { readonly name: N }> } = {
    paused: { ...shared, name: 'paused' },
    connecting: { ...shared, name: 'connecting', deadlineAt: 10_000 },
    live: { ...shared, name: 'live', spreadMs: 250, lastsAt: 5_000 },
    offline: { ...shared, name: 'offline', retryAt: 2_000 },
    halted: { ...shared, name: 'halted', probeAt: 300_000, cause: 'gone' },
    'needs-auth': { ...shared, name: 'needs-auth', reason: 'expired' },
    failed: { ...shared, name: 'failed', reason: 'version' },
    stopped: { ...shared, name: 'stopped' },
  };
  const events: { readonly [T in ConnectionEvent['type']]: Extract<ConnectionEvent, { readonly type: T }> } = {
    start: { type: 'start' },
    pause: { type: 'pause' },
    stop: { type: 'stop' },
    retry: { type: 'retry' },
    hint: { type: 'hint' },
    timer: { type: 'timer' },
    connected: { type: 'connected', spreadMs: 250 },
    spread: { type: 'spread', spreadMs: 500 },
    lost: { type: 'lost', cause: 'gone' },
    'sync-failed': { type: 'sync-failed', cause: 'disk full' },
    'sync-succeeded': { type: 'sync-succeeded' },
    'token-refused': { type: 'token-refused', reason: 'expired' },
    fail: { type: 'fail', reason: 'another tenant' },
  };
  const hasSocket = ({ name }: ConnectionState) => name === 'connecting' || name === 'live';
  const cells = Object.values(states).flatMap((state) => Object.values(events).map((event) => ({ state, event })));

  /** The diagram: where an event leads from a state, by `state event`. */
  const diagram = new Map(
    [...readDiagram().matchAll(/^ {2}(\S+) --> (\S+): (.+)$/gm)].flatMap(([, from, to, labels = '']) =>
      labels.split(', ').map((label): [string, string] => [`${from} ${label}`, `${to}`]),
    ),
  );
  /** What the text says beside it. */
  const fromAnywhere: { readonly [event: string]: string } = { pause: 'paused', stop: 'stopped', fail: 'failed' };

  function expectedOf(state: ConnectionState, label: string): string | undefined {
    if (state.name === 'stopped') return 'stopped';
    return fromAnywhere[label] ?? diagram.get(`${state.name} ${label}`);
  }

  it.each(cells)('[CN18] $state.name, $event.type', ({ state, event }) => {
    const next = transition(state, event, options, circumstances);
    expect(next.state.name).toBe(expectedOf(state, event.type) ?? state.name);
  });

  it.each(cells)('[CN18] after four failures: $state.name, $event.type', ({ state, event }) => {
    const atFour = { ...state, breaker: { linkFailures: 4, syncFailures: 4 } };
    const next = transition(atFour, event, options, circumstances);
    const expected = expectedOf(state, `5th ${event.type}`) ?? expectedOf(state, event.type) ?? state.name;
    expect(next.state.name).toBe(expected);
  });

  it('[CN18] the diagram names nothing that the machine does not have', () => {
    const known = new Set(
      cells.flatMap(({ state, event }) => [`${state.name} ${event.type}`, `${state.name} 5th ${event.type}`]),
    );
    expect([...diagram.keys()].filter((key) => !known.has(key))).toEqual([]);
    expect(diagram.size).toBeGreaterThan(15);
  });

  it.each(cells)('[CN12] a socket and a timer belong to their state: $state.name, $event.type', ({ state, event }) => {
    const { state: next, effects } = transition(state, event, options, circumstances);
    const opened = effects.filter((effect) => effect === 'open-socket').length;
    const closed = effects.filter((effect) => effect === 'close-socket').length;
    expect((hasSocket(state) ? 1 : 0) + opened - closed).toBe(hasSocket(next) ? 1 : 0);
    const isTimed = ['connecting', 'offline', 'halted'].includes(next.name) || (next.name === 'live' && next !== state);
    if (isTimed && event.type !== 'timer') expect(wakeAt(next)).toBeTypeOf('number');
    if (!isTimed && next.name !== 'live') expect(wakeAt(next)).toBeUndefined();
  });
});

/** The drawing of the connection in the documentation: one source for people and for this test. */
function readDiagram(): string {
  const text = readFileSync(new URL('../../../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
  return /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}
