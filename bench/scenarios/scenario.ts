import { OTHER_PEERS, type OtherPeer, type Peer, type RunningPeer, startPeer } from '../peers/peer.ts';
import type { Figures, Result } from '../result.ts';

/** Something that is measured, by a name to call it by. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Takes longer than a run of all should; measured when it is named. */
  readonly onlyByName?: boolean;
  /** Can be measured on what people would otherwise use as well. */
  readonly besideOthers?: boolean;
  /** Against the floor, and beside others if there are any; measured so often as runs were asked for. */
  measure?(others: readonly OtherPeer[]): Promise<Result[]>;
  /** A text with tables of its own; made once. */
  report?(): Promise<string>;
}

/** Takes one figure out of what the work gave, on each that it was measured on. */
export type FigureOf<T> = (figure: (measured: T) => number | undefined) => Figures;

/** The same work on each of them, one after the other, so that all meet the same weather. Breakwater is always one. */
export async function onEach<T>(
  peers: readonly Exclude<Peer, 'breakwater'>[],
  work: (peer: RunningPeer) => Promise<T>,
): Promise<FigureOf<T>> {
  const measured = new Map<Peer, T>();
  for (const peer of peers) measured.set(peer, await on(peer, work));
  const mine = await on('breakwater', work);

  return (figure) => {
    const of = (peer: Peer) => {
      const got = measured.get(peer);
      return got === undefined ? undefined : figure(got);
    };
    const ours = figure(mine);
    if (ours === undefined) throw new Error('Breakwater did not do what was to be measured in time');
    const others = OTHER_PEERS.filter((peer) => measured.has(peer)).map((peer) => ({ peer, figure: of(peer) }));
    return { floor: of('floor'), ours, others };
  };
}

export async function on<T>(name: Peer, work: (peer: RunningPeer) => Promise<T>): Promise<T> {
  const peer = await startPeer(name);
  try {
    return await work(peer);
  } finally {
    await peer.end();
  }
}
