import { sameValue } from '@breakwater/crdt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorldServer } from '../src/world.ts';
import { playSession, type SessionCut, type SessionOutcome, startSessionServer } from './recorded-session.ts';

/** Sessions at once: they mostly wait. RxDB's free core stops at 13 open collections, and each session has four. */
const LANES = 3;

/** A session takes a twentieth of a second. */
const LONGEST_MS = 10_000;

const PLACES = ['before', 'inside', 'after'] as const;

/** Heads of handshakes, messages and closing frames of the two devices' two connections each, up and down. */
const FEWEST_FRAMES = { up: 38, down: 43 };

let server: WorldServer;
let undisturbed: SessionOutcome;

beforeAll(async () => {
  server = await startSessionServer();
  undisturbed = await playSession(server);
});

afterAll(() => server.end());

describe('a connection that is cut at any frame', () => {
  it('[FR1] the session that is repeated has inserts, a batch, a picture, a long text, a delete, a refusal and concurrent edits', () => {
    expect(undisturbed).toMatchObject({
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
      const frames = undisturbed.frames.filter((frame) => frame.direction === direction);
      const cuts = frames.flatMap((frame) => PLACES.map((at): SessionCut => ({ ...frame, at })));
      expect(cuts.length).toBeGreaterThanOrEqual(PLACES.length * FEWEST_FRAMES[direction]);
      expect(await faultsOf(cuts)).toEqual([]);
    },
  );
});

/** Plays the session with each of the cuts, until one leaves something wrong: that one is named. */
async function faultsOf(cuts: readonly SessionCut[]): Promise<string[]> {
  const left = [...cuts];
  const faults: string[] = [];

  async function playLane(): Promise<void> {
    for (let cut = left.pop(); cut !== undefined && faults.length === 0; cut = left.pop()) {
      const found = await Promise.race([faultOf(cut), tooLong()]).catch((error: unknown) => String(error));
      if (found !== undefined) faults.push(`${JSON.stringify(cut)}: ${found}`);
    }
  }

  await Promise.all(Array.from({ length: LANES }, playLane));
  return faults;
}

/** A session that never comes into step would only be a timeout without a name. */
function tooLong(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`it was not over after ${LONGEST_MS / 1_000} s`), LONGEST_MS).unref();
  });
}

async function faultOf(cut: SessionCut): Promise<string | undefined> {
  const { verdict, connections, cuts, ending } = await playSession(server, cut);
  const other = cut.device === 'a' ? 'b' : 'a';
  if (cuts !== 1) return 'the session never came to this frame';
  if (verdict.length > 0) return verdict.join('; ');
  // A cut of the last frames, in which the client says goodbye, costs none.
  if (connections[cut.device] > undisturbed.connections[cut.device] + 1) return 'it took more than one reconnect';
  if (connections[other] !== undisturbed.connections[other]) return `${other} reconnected too`;
  if (!sameValue(ending, undisturbed.ending)) return `it ended as ${JSON.stringify(ending)}`;
  return undefined;
}
