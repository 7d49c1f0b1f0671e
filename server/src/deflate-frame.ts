import { deflateRawSync } from 'node:zlib';
import { down } from '@breakwater/protocol';

/** Below this many bytes a frame is not worth the time. */
const MIN_BYTES = 4 * 1024;

/** The quickest: rows of one collection are so much alike that higher levels gain little and take several times as long. */
const LEVEL = 1;

interface Receiver {
  readonly inflates?: boolean;
  send(frame: Uint8Array): void;
}

/** Sends rows that the client asked for, or missed. */
export function sendPage(to: Receiver, frame: Uint8Array): void {
  to.send(to.inflates ? deflateFrame(frame) : frame);
}

/** A frame as it travels to a client that inflates: itself when deflating saves less than a quarter, as of random text. */
function deflateFrame(frame: Uint8Array): Uint8Array {
  if (frame.length < MIN_BYTES) return frame;
  const deflated = down.encode({
    type: 'deflated',
    length: frame.length,
    bytes: deflateRawSync(frame, { level: LEVEL }),
  });
  return deflated.length < frame.length * 0.75 ? deflated : frame;
}
