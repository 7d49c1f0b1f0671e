import { sameValue } from '@breakwater/crdt';
import type { WorldServer } from '../src/world.ts';
import { playSession, type SessionCut, type SessionOutcome, type SessionScript } from './recorded-session.ts';

/** RxDB's free core stops at 13 open collections. */
const MAX_OPEN_COLLECTIONS = 12;

/** A session takes a twentieth of a second, and where a room is opened again two tenths more. */
const LONGEST_MS = 10_000;

export const PLACES = ['before', 'inside', 'after'] as const;

/**
 * Heads of handshakes, messages and closing frames of the devices' connections, up and down. What the clocks add to that
 * varies. README has the sum.
 */
export const FEWEST_FRAMES = {
  rows: { up: 38, down: 43 },
  room: { up: 48, down: 53 },
} as const;

/** A session as it goes when nothing is cut. */
export interface UndisturbedSession {
  readonly server: WorldServer;
  readonly script: SessionScript;
  readonly outcome: SessionOutcome;
}

/** Before, inside and after each frame of this direction. */
export function cutsOf({ outcome }: UndisturbedSession, direction: SessionCut['direction']): SessionCut[] {
  const frames = outcome.frames.filter((frame) => frame.direction === direction);
  return frames.flatMap((frame) => PLACES.map((at): SessionCut => ({ ...frame, at })));
}

/** Plays the session with each of the cuts, until one leaves something wrong: that one is named. */
export async function faultsOf(session: UndisturbedSession, cuts: readonly SessionCut[]): Promise<string[]> {
  const left = [...cuts];
  // Sessions at once: they mostly wait.
  const lanes = MAX_OPEN_COLLECTIONS / (2 * session.script.names.length);
  const faults: string[] = [];

  async function playLane(): Promise<void> {
    for (let cut = left.pop(); cut !== undefined && faults.length === 0; cut = left.pop()) {
      const found = await Promise.race([faultOf(session, cut), tooLong()]).catch((error: unknown) => String(error));
      if (found !== undefined) faults.push(`${JSON.stringify(cut)}: ${found}`);
    }
  }

  await Promise.all(Array.from({ length: lanes }, playLane));
  return faults;
}

/** A session that never comes into step would only be a timeout without a name. */
function tooLong(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`it was not over after ${LONGEST_MS / 1_000} s`), LONGEST_MS).unref();
  });
}

async function faultOf(session: UndisturbedSession, cut: SessionCut): Promise<string | undefined> {
  const { server, script, outcome: undisturbed } = session;
  const { verdict, connections, cuts, ending } = await playSession(server, script, cut);
  const other = cut.device === 'a' ? 'b' : 'a';
  if (cuts !== 1) return 'the session never came to this frame';
  if (verdict.length > 0) return verdict.join('; ');
  // A cut of the last frames, in which the client says goodbye, costs none.
  if (connections[cut.device] > undisturbed.connections[cut.device] + 1) return 'it took more than one reconnect';
  if (connections[other] !== undisturbed.connections[other]) return `${other} reconnected too`;
  if (!sameValue(ending, undisturbed.ending)) return `it ended as ${JSON.stringify(ending)}`;
  return undefined;
}
