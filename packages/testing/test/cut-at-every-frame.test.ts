import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playSession, startSessionServer } from './recorded-session.ts';
import { rowsSession } from './rows-session.ts';
import { cutsOf, FEWEST_FRAMES, faultsOf, PLACES, type UndisturbedSession } from './session-cuts.ts';

let session: UndisturbedSession;

beforeAll(async () => {
  const server = await startSessionServer();
  session = { server, script: rowsSession, outcome: await playSession(server, rowsSession) };
});

afterAll(() => session.server.end());

describe('a connection that is cut at any frame', () => {
  it('[FR1] README says how often at least', async () => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const { rows, room } = FEWEST_FRAMES;
    const cuts = PLACES.length * (rows.up + rows.down + room.up + room.down);
    expect(readme).toContain(`cut before, inside or after each frame, at least ${cuts} times`);
  });

  it('[FR1] the session that is repeated has inserts, a batch, a picture, a long text, a delete, a refusal and concurrent edits', () => {
    expect(session.outcome).toMatchObject({
      verdict: [],
      connections: { a: 2, b: 2 },
      cuts: 0,
      ending: {
        seqs: [
          { collection: 'orders', head: 5 },
          { collection: 'payments', head: 3 },
        ],
        a: { shown: [{ id: '1' }, { id: '2' }], refused: [['orders', '3', 'too-large']] },
        b: { shown: [{ id: '1' }, { id: '2' }], refused: [] },
      },
    });
  });

  it.each(['up', 'down'] as const)(
    '[FR1] %s: before, inside or after each, it heals with one reconnect, all end equal, no redelivery takes a seq',
    { timeout: 60_000 },
    async (direction) => {
      const cuts = cutsOf(session, direction);
      expect(cuts.length).toBeGreaterThanOrEqual(PLACES.length * FEWEST_FRAMES.rows[direction]);
      expect(await faultsOf(session, cuts)).toEqual([]);
    },
  );
});
