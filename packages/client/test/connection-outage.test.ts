import type { Behaviour } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { watchConnection } from './watched-connection.ts';

const TEN_MINUTES = 600_000;
const HOUR = 3_600_000;

/** What is logged from now on. */
function reading(log: readonly string[]): () => string[] {
  const { length } = log;
  return () => log.slice(length);
}

/** A connection that was refused until its breaker opened, at 30 s. */
async function halt() {
  const watched = watchConnection('refuses');
  watched.connection.dispatch({ type: 'start' });
  await watched.scheduler.advanceAsync(60_000);
  expect(watched.connection.state.name).toBe('halted');
  return { ...watched, sinceThen: reading(watched.log) };
}

describe('a server that is busy', () => {
  it.each([
    ['for a while', '', [0, 2, 6, 14, 30, 330]],
    ['for 3 s', 'retry-after=3000', [0, 3, 7, 15, 31, 331]],
    ['for 20 s', 'retry-after=20000', [0, 20, 40, 60, 80, 380]],
    ['for longer than the breaker is open', 'retry-after=400000', [0, 400]],
  ])('[CN6] %s', async (_, reason, seconds) => {
    const { connection, scheduler, attempts } = watchConnection({ closes: 1013, reason });
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(TEN_MINUTES);
    expect(attempts()).toEqual(seconds);
  });
});

describe('a probe', () => {
  it.each<[Behaviour, string[]]>([
    ['refuses', ['330 connecting', '330 halted', '630 connecting', '630 halted']],
    ['hangs', ['330 connecting', '340 halted', '640 connecting', '650 halted']],
    ['accepts and drops', ['330 connecting', '330 live', '331 halted', '631 connecting', '631 live', '632 halted']],
    ['accepts', ['330 connecting', '330 live']],
    [{ closes: 1013, reason: 'retry-after=400000' }, ['330 connecting', '330 halted']],
  ])('[CN23] of a server that %j', async (behaviour, timeline) => {
    const { server, scheduler, sinceThen } = await halt();
    server.behaviour = behaviour;
    await scheduler.advanceAsync(TEN_MINUTES);
    expect(sinceThen()).toEqual(timeline);
  });

  it('[CN24] is one, however many ask for it, and while it is on its way', async () => {
    const { connection, server, scheduler, sinceThen } = await halt();
    server.behaviour = 'hangs';
    const askOften = () => {
      for (let i = 0; i < 100; i++) {
        connection.dispatch({ type: 'retry' });
        connection.dispatch({ type: 'hint' });
        connection.dispatch({ type: 'start' });
      }
    };
    askOften();
    await scheduler.advanceAsync(5_000);
    askOften();
    await scheduler.advanceAsync(5_000);
    expect(sinceThen()).toEqual(['60 connecting', '70 halted']);
    server.behaviour = 'accepts';
    askOften();
    await scheduler.advanceAsync(6_000);
    askOften();
    expect(sinceThen().slice(2)).toEqual(['70 connecting', '70 live']);
  });
});

describe('the two counters', () => {
  it('[CN8] each open the breaker by themselves', async () => {
    const { connection, server, scheduler } = watchConnection('refuses');
    connection.dispatch({ type: 'start' });
    await scheduler.advanceAsync(29_000);
    server.behaviour = 'accepts';
    for (let failures = 1; failures <= 5; failures++) {
      // Long enough for the link to last: what was refused before it is forgotten.
      await scheduler.advanceAsync(30_000);
      connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
      expect(connection.state).toMatchObject({
        name: failures < 5 ? 'offline' : 'halted',
        breaker: { linkFailures: 0, syncFailures: failures },
      });
    }
  });

  it('[CN8] do not add up: four of either do not open it', async () => {
    const { connection, server, scheduler } = watchConnection('refuses');
    connection.dispatch({ type: 'start' });
    // The fifth attempt, at 30 s, is let in.
    await scheduler.advanceAsync(29_000);
    server.behaviour = 'accepts';
    await scheduler.advanceAsync(2_000);
    for (let failures = 1; failures <= 4; failures++) {
      expect(connection.state).toMatchObject({
        name: 'live',
        breaker: { linkFailures: 4, syncFailures: failures - 1 },
      });
      connection.dispatch({ type: 'sync-failed', cause: 'disk full' });
      // Not long enough for the next link to last.
      await scheduler.advanceAsync(16_001);
    }
    expect(connection.state).toMatchObject({ name: 'live', breaker: { linkFailures: 4, syncFailures: 4 } });
    server.drop();
    expect(connection.state).toMatchObject({ name: 'halted', breaker: { linkFailures: 5, syncFailures: 4 } });
  });
});

describe('a laptop that sleeps for an hour', () => {
  type Signs = readonly ('timers' | 'hints')[];
  /** Late timers, and the browser that says that the network and the page are back: who comes first? */
  const wakings: readonly [Signs][] = [[['timers', 'hints']], [['hints', 'timers']]];

  /** What is logged in the first minute after it. */
  async function sleepAndWake({ connection, scheduler, log }: ReturnType<typeof watchConnection>, signs: Signs) {
    const sinceThen = reading(log);
    scheduler.sleep(HOUR - scheduler.now());
    for (const sign of signs) {
      if (sign === 'timers') await scheduler.advanceAsync(0);
      else for (let i = 0; i < 3; i++) connection.dispatch({ type: 'hint' });
    }
    await scheduler.advanceAsync(60_000);
    return sinceThen();
  }

  it.each(wakings)('[CN25] tries once when it was offline, %j', async (signs) => {
    const watched = watchConnection('refuses');
    watched.connection.dispatch({ type: 'start' });
    await watched.scheduler.advanceAsync(7_000);
    watched.server.behaviour = 'accepts';
    expect(await sleepAndWake(watched, signs)).toEqual(['3600 connecting', '3600 live']);
  });

  it.each(wakings)('[CN25] probes once when it was halted, %j', async (signs) => {
    const watched = await halt();
    watched.server.behaviour = 'hangs';
    expect(await sleepAndWake(watched, signs)).toEqual(['3600 connecting', '3610 halted']);
  });

  it.each(wakings)('[CN25] counts one failure when it was connecting, %j', async (signs) => {
    const watched = watchConnection('hangs');
    watched.connection.dispatch({ type: 'start' });
    await watched.scheduler.advanceAsync(1_000);
    watched.server.behaviour = 'accepts';
    // A hint that finds it offline makes it try at once.
    const retryAt = signs[0] === 'timers' ? 3_600 : 3_602;
    expect(await sleepAndWake(watched, signs)).toEqual(['3600 offline', `${retryAt} connecting`, `${retryAt} live`]);
  });

  it.each(wakings)('[CN25] notices within 30 s that its link is gone, and tries once, %j', async (signs) => {
    const watched = watchConnection('accepts');
    watched.connection.dispatch({ type: 'start' });
    await watched.scheduler.advanceAsync(10_000);
    watched.server.behaviour = 'stays silent';
    watched.scheduler.after(HOUR + 10_000, () => {
      watched.server.behaviour = 'accepts';
    });
    expect(await sleepAndWake(watched, signs)).toEqual(['3630 offline', '3630 connecting', '3630 live']);
  });
});
