import { createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER } from '../src/connection/breaker.ts';
import { createConnection } from '../src/connection/connection.ts';
import { watchConnection as setUp } from './watched-connection.ts';

const TEN_MINUTES = 600_000;

describe('connection timeline', () => {
  it.each(['refuses', 'accepts and drops'] as const)(
    '[CN1] a server that %s is tried 5 times, then once after 300 s',
    async (behaviour) => {
      const { connection, scheduler, attempts, log } = setUp(behaviour);
      connection.dispatch({ type: 'start' });
      await scheduler.advanceAsync(TEN_MINUTES);
      expect(attempts()).toHaveLength(6);
      expect(log.filter((line) => line.endsWith('halted'))).toHaveLength(2);
    },
  );

  it('[CN1] the whole timeline of a refused connection', async () => {
    const { connection, scheduler, attempts, log } = setUp('refuses');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(TEN_MINUTES);
    expect(attempts()).toEqual([0, 2, 6, 14, 30, 330]);
    expect(log).toEqual([
      '0 connecting',
      '0 offline',
      '2 connecting',
      '2 offline',
      '6 connecting',
      '6 offline',
      '14 connecting',
      '14 offline',
      '30 connecting',
      '30 halted',
      '330 connecting',
      '330 halted',
    ]);
  });

  it.each(['stays silent', 'hangs'] as const)(
    '[CN2] a server that %s is given up after 10 s, and counts as a failure',
    async (behaviour) => {
      const { connection, scheduler, attempts } = setUp(behaviour);
      connection.dispatch({ type: 'start' });
      await scheduler.advanceAsync(TEN_MINUTES);
      expect(attempts()).toEqual([0, 12, 26, 44, 70, 380]);
    },
  );

  it('[CN3] jitter spreads the attempts and the probe', async () => {
    const { connection, scheduler, attempts } = setUp('refuses', 0.5);
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(TEN_MINUTES);
    expect(attempts()).toEqual([0, 2.5, 7.5, 17.5, 37.5, 352.5]);
  });

  it('[CN4] a probe that succeeds closes the breaker; a later loss starts counting from nothing', async () => {
    const { connection, scheduler, server, attempts } = setUp('refuses');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(60_000);
    server.behaviour = 'accepts';
    await scheduler.advanceAsync(300_000);
    expect(connection.state.name).toBe('live');
    server.behaviour = 'refuses';
    server.drop();
    await scheduler.advanceAsync(29_000);
    expect(attempts().slice(6)).toEqual([360, 362, 366, 374]);
    expect(connection.state.name).toBe('offline');
  });

  it('[CN5] the first attempt after the loss of a lasting link waits a share of the spread, and no failure is counted', async () => {
    const { connection, scheduler, server, attempts } = setUp('accepts', 0.5);
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(10_000);
    server.drop();
    expect(connection.state).toMatchObject({ name: 'offline', retryAt: 10_125, breaker: { linkFailures: 0 } });
    await scheduler.advanceAsync(1_000);
    expect(attempts()).toEqual([0, 10.125]);
  });

  it('[CN5] the spread is that of the last heartbeat: the server may have more clients by then', async () => {
    const { connection, scheduler, server } = setUp('accepts', 0.5);
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(10_000);
    server.spreadMs = 8_000;
    await scheduler.advanceAsync(20_000);
    server.drop();
    expect(connection.state).toMatchObject({ name: 'offline', retryAt: 34_000 });
  });

  it("[CN6] the server's wish is a floor under the delay", async () => {
    const { connection, scheduler, server } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(10_000);
    server.drop(1013, 'retry-after=7000');
    expect(connection.state).toMatchObject({ name: 'offline', retryAt: 17_000 });
  });

  it.each([
    [4401, 'needs-auth'],
    [4403, 'failed'],
    [4404, 'failed'],
    [4426, 'failed'],
  ])('[CN7] close code %i gives %s: no further attempt until retry()', async (closes, state) => {
    const { connection, scheduler, attempts } = setUp({ closes, reason: 'because' });
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(TEN_MINUTES);
    expect(attempts()).toEqual([0]);
    expect(connection.state).toMatchObject({ name: state, reason: 'because', breaker: { linkFailures: 0 } });
    connection.dispatch({ type: 'retry' });
    expect(attempts()).toEqual([0, 600]);
  });

  it('[CN8] failed pushes open the breaker although the link works; an acknowledged one resets the count', async () => {
    const { connection, scheduler } = setUp('accepts');
    const failPush = async () => {
      connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
      await scheduler.advanceAsync(40_000);
    };
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    for (let i = 0; i < 4; i++) await failPush();
    connection.dispatch({ type: 'sync-succeeded' });
    for (let i = 0; i < 4; i++) await failPush();
    expect(connection.state.name).toBe('live');
    await failPush();
    expect(connection.state).toMatchObject({ name: 'halted', cause: 'disk full' });
    await scheduler.advanceAsync(300_000);
    expect(connection.state.name).toBe('live');
    connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
    expect(connection.state.name).toBe('halted');
  });

  it('[CN8] once everything is in step again, a lost link is no reason to halt', async () => {
    const { connection, scheduler, server } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    for (let i = 0; i < 5; i++) {
      connection.dispatch({ type: 'sync-failed', cause: 'the store was busy' });
      await scheduler.advanceAsync(400_000);
    }
    connection.dispatch({ type: 'sync-succeeded' });
    server.drop();
    expect(connection.state).toMatchObject({ name: 'offline', breaker: { syncFailures: 0 } });
  });

  it('[CN8] a success that is told late does not close a breaker that has opened since', async () => {
    const { connection, scheduler } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    for (let i = 0; i < 5; i++) {
      connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
      await scheduler.advanceAsync(100_000);
    }
    connection.dispatch({ type: 'sync-succeeded' });
    await scheduler.advanceAsync(300_000);
    expect(connection.state.name).toBe('live');
    connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
    expect(connection.state.name).toBe('halted');
  });

  it('[CN7] a token that expires on a living link is asked for again; only a fresh one that is refused ends it', async () => {
    const { connection, scheduler, server, attempts } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(10_000);
    server.drop(4401, 'expired');
    await scheduler.advanceAsync(1_000);
    expect(attempts()).toEqual([0, 10]);
    expect(connection.state.name).toBe('live');
  });

  it('[CN9] a hint tries at once, but only one in 30 s counts', async () => {
    const { connection, scheduler, attempts } = setUp('refuses');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(40_000);
    connection.dispatch({ type: 'hint' });
    await scheduler.advanceAsync(1_000);
    connection.dispatch({ type: 'hint' });
    await scheduler.advanceAsync(30_000);
    connection.dispatch({ type: 'hint' });
    expect(attempts()).toEqual([0, 2, 6, 14, 30, 40, 71]);
  });

  it('[CN10] a peer that is gone without a word is noticed within 60 s', async () => {
    const { connection, scheduler, server } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    server.behaviour = 'stays silent';
    await scheduler.advanceAsync(60_000);
    expect(connection.state.name).not.toBe('live');
  });

  it('[CN11] a late event of an old socket does not touch the new session', async () => {
    const { connection, scheduler, server } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    connection.dispatch({ type: 'pause' });
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    const [old] = server.sockets;
    old?.onclose?.({ code: 4403, reason: 'too late' } as never);
    old?.onmessage?.({ data: new ArrayBuffer(3) } as never);
    await scheduler.advanceAsync(1_000);
    expect(connection.state.name).toBe('live');
  });

  it('[CN12] no timer outlives its state', async () => {
    const { connection, scheduler } = setUp('accepts');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(10_000);
    connection.dispatch({ type: 'stop' });
    expect(scheduler.waiting).toBe(0);
    connection.dispatch({ type: 'start' });
    expect(connection.state.name).toBe('stopped');
  });

  it('[CN13] a token() that fails is weather, not a refused token', async () => {
    const scheduler = createManualScheduler();
    const server = createScriptedServer(scheduler);
    const connection = createConnection({
      url: 'ws://test/sync',
      replica: 'replica-1',
      token: () => Promise.reject(new Error('no network')),
      webSocket: server.webSocket,
      backoff: DEFAULT_BACKOFF,
      breaker: DEFAULT_BREAKER,
      scheduler,
      random: () => 0,
      onState() {},
      onSession() {},
      onRows() {},
    });
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(1_000);
    expect(connection.state).toMatchObject({ name: 'offline', retryAt: 2_000 });
  });
});
