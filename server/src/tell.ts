import type { News, NewsPart } from './news.ts';
import type { Stream } from './stream.ts';

/**
 * Tells one session of a commit, by its streams of the commit's collections: in one message, as far as these stand right
 * before it and the news fit into one. What is left to tell then is for the streams to catch up on. Answers how many rows
 * were sent.
 */
export function tell({ ranges, parts }: News, streams: readonly Stream[]): number {
  for (const stream of streams) stream.hearOf(ranges.get(stream.collection)?.last ?? 0);
  return parts.reduce((sum, part) => sum + tellPart(part, streams), 0);
}

function tellPart(part: NewsPart, streams: readonly Stream[]): number {
  const ready = streams.filter((stream) => stream.isRightBefore(part.ranges.get(stream.collection)?.first ?? 0));
  const peer = ready[0]?.peer;
  if (peer === undefined || peer.isFull()) return 0;
  const frame = part.frameFor(ready);
  for (const stream of ready) stream.moveTo(part.ranges.get(stream.collection)?.last ?? 0);
  if (frame === undefined) return 0;
  peer.send(frame.bytes);
  return frame.rows;
}
