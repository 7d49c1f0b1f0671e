import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playSession, startSessionServer } from './recorded-session.ts';
import { roomSession } from './room-session.ts';
import { cutsOf, FEWEST_FRAMES, faultsOf, PLACES, type UndisturbedSession } from './session-cuts.ts';

let session: UndisturbedSession;

// The provider listens for the end of the process, once for each document that is open.
process.setMaxListeners(200);

beforeAll(async () => {
  const server = await startSessionServer();
  session = { server, script: roomSession, outcome: await playSession(server, roomSession) };
});

afterAll(() => session.server.end());

describe('a connection that is cut at any frame while two type', () => {
  it('[FR8] the session that is repeated has keys of both, awareness, typing without a link, a plain edit and the end of the room', () => {
    const order = { id: '1', title: 'Log', body: 'Pier 8: low tide at six!' };
    expect(session.outcome).toMatchObject({
      verdict: [],
      connections: { a: 2, b: 1 },
      cuts: 0,
      ending: { a: { shown: [order], refused: [] }, b: { shown: [order], refused: [] } },
    });
  });

  it.each(['up', 'down'] as const)(
    '[FR8] %s: before, inside or after each, it heals with one reconnect, the text is the same everywhere, nothing is in it twice',
    { timeout: 60_000 },
    async (direction) => {
      const cuts = cutsOf(session, direction);
      expect(cuts.length).toBeGreaterThanOrEqual(PLACES.length * FEWEST_FRAMES.room[direction]);
      expect(await faultsOf(session, cuts)).toEqual([]);
    },
  );
});
