import { createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER } from '../src/connection/breaker.ts';
import { createConnection } from '../src/connection/connection.ts';
import type { Halt } from '../src/connection/machine.ts';

const MINUTE_MS = 60_000;

/** A server whose tokens live for so long, and a connection that counts how often it asks for one. */
function setUp({ lifeMs = 0, renews = true, halt }: { lifeMs?: number; renews?: boolean; halt?: Halt } = {}) {
  const scheduler = createManualScheduler();
  const server = createScriptedServer(scheduler, lifeMs === 0 ? {} : { expiresAt: lifeMs });
  const latencies: number[] = [];
  let tokens = 0;
  let answersAuth = true;
  const connection = createConnection({
    url: 'ws://test/sync',
    replica: 'replica-1',
    token: () => `token ${++tokens}`,
    webSocket: server.webSocket,
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler,
    random: () => 0,
    halt,
    onState() {},
    onSession() {},
    onRows() {},
    onLatency: (latencyMs) => latencies.push(latencyMs),
  });
  const sent = () => server.received.flatMap((message) => ('token' in message ? [[message.type, message.token]] : []));
  /** Answers what has been asked since the last call. */
  let answered = 0;
  const answer = () => {
    for (const message of server.received.slice(answered)) {
      if (message.type === 'auth' && answersAuth) {
        server.say({ type: 'authed', request: message.request, expiresAt: lifeMs + (renews ? scheduler.now() : 0) });
      }
    }
    answered = server.received.length;
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) {
      await scheduler.advanceAsync(Math.min(1_000, left));
      answer();
    }
  };
  const ignoreAuth = () => {
    answersAuth = false;
  };
  return { connection, scheduler, server, sent, pass, latencies, ignoreAuth };
}

describe('tokens', () => {
  it('[CN14] a fresh token is sent on the living link a minute before the one before expires', async () => {
    const { connection, sent, pass, server } = setUp({ lifeMs: 10 * MINUTE_MS });
    connection.dispatch({ type: 'start' });
    await pass(9 * MINUTE_MS - 1_000);
    expect(sent()).toEqual([['connect', 'token 1']]);
    await pass(2_000);
    expect(sent()).toEqual([
      ['connect', 'token 1'],
      ['auth', 'token 2'],
    ]);
    await pass(9 * MINUTE_MS);
    expect(sent().at(-1)).toEqual(['auth', 'token 3']);
    expect(server.attempts).toEqual([0]);
  });

  it('[CN14] one that lives shorter than that is renewed at half time', async () => {
    const { connection, sent, pass } = setUp({ lifeMs: 20_000 });
    connection.dispatch({ type: 'start' });
    await pass(11_000);
    expect(sent().at(-1)).toEqual(['auth', 'token 2']);
  });

  it('[CN14] a token that never expires is not renewed', async () => {
    const { connection, sent, pass } = setUp();
    connection.dispatch({ type: 'start' });
    await pass(60 * MINUTE_MS);
    expect(sent()).toEqual([['connect', 'token 1']]);
  });

  it('[CN14] an app that has no fresher one is not asked again and again', async () => {
    const { connection, sent, pass } = setUp({ lifeMs: 10 * MINUTE_MS, renews: false });
    connection.dispatch({ type: 'start' });
    await pass(10 * MINUTE_MS);
    expect(sent()).toEqual([
      ['connect', 'token 1'],
      ['auth', 'token 2'],
    ]);
  });

  it('[CN14] when the server ends the session all the same, the next attempt asks for one', async () => {
    const { connection, sent, pass, server } = setUp({ lifeMs: 20_000 });
    connection.dispatch({ type: 'start' });
    await pass(12_000);
    server.drop(4401, 'the token has expired');
    await pass(1_000);
    expect(sent().at(-1)).toEqual(['connect', 'token 3']);
    expect(connection.state.name).toBe('live');
  });

  it('[CN12] a link that is lost takes its renewal with it', async () => {
    const { connection, scheduler } = setUp({ lifeMs: 10 * MINUTE_MS });
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    connection.dispatch({ type: 'pause' });
    expect(scheduler.waiting).toBe(0);
  });
});

describe('a breaker that was open when the app ended', () => {
  const halt: Halt = { probeAt: 100_000, cause: 'the server cannot be reached' };

  it('[CN15] goes on being open until its probe', async () => {
    const { connection, server, pass } = setUp({ halt });
    connection.dispatch({ type: 'start' });
    expect(connection.state).toMatchObject({ name: 'halted', ...halt });
    await pass(99_000);
    expect(server.attempts).toEqual([]);
    await pass(2_000);
    expect(server.attempts).toEqual([100_000]);
    expect(connection.state.name).toBe('live');
  });

  it('[CN15] is open again at once when the probe fails', async () => {
    const { connection, server, pass } = setUp({ halt });
    server.behaviour = 'refuses';
    connection.dispatch({ type: 'start' });
    await pass(110_000);
    expect(server.attempts).toEqual([100_000]);
    expect(connection.state).toMatchObject({ name: 'halted', probeAt: 400_000 });
  });

  it('[CN15] is never longer open than from now on, whatever the clock says', () => {
    const { connection } = setUp({ halt: { ...halt, probeAt: 1e12 } });
    connection.dispatch({ type: 'start' });
    expect(connection.state).toMatchObject({ name: 'halted', probeAt: 330_000 });
  });

  it('[CN15] is no matter once its probe is due, or when the user asks for an attempt', async () => {
    const { connection, server, scheduler } = setUp({ halt });
    connection.dispatch({ type: 'start' });
    connection.dispatch({ type: 'retry' });
    await scheduler.advanceAsync(1_000);
    expect(server.attempts).toEqual([0]);
  });
});

describe('latency', () => {
  it('[CN16] is measured on connecting, and with every heartbeat', async () => {
    const { connection, latencies, pass } = setUp();
    connection.dispatch({ type: 'start' });
    await pass(1_000);
    expect(latencies).toEqual([0]);
    await pass(41_000);
    expect(latencies).toHaveLength(3);
  });
});
