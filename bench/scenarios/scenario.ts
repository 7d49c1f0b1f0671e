import { type Peer, type RunningPeer, startPeer } from '../peers/peer.ts';
import type { Result } from '../result.ts';

/** Something that is measured, by a name to call it by. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Takes longer than a run of all should; measured when it is named. */
  readonly onlyByName?: boolean;
  /** Against the floor; measured so often as runs were asked for. */
  measure?(): Promise<Result[]>;
  /** A text with tables of its own; made once. */
  report?(): Promise<string>;
}

/** The same work on the floor and on Breakwater, one after the other, so that both meet the same weather. */
export async function onBoth<T>(work: (peer: RunningPeer) => Promise<T>): Promise<{ floor: T; ours: T }> {
  return { floor: await on('floor', work), ours: await on('breakwater', work) };
}

export async function on<T>(name: Peer, work: (peer: RunningPeer) => Promise<T>): Promise<T> {
  const peer = await startPeer(name);
  try {
    return await work(peer);
  } finally {
    await peer.end();
  }
}
