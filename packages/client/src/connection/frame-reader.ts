import { type DownMessage, down, FrameError } from '@breakwater/protocol';
import { inflate } from './inflate.ts';

/** Turns frames into messages, in the order in which they came, whichever of them have to be inflated first. */
export interface FrameReader {
  take(frame: Uint8Array): void;
}

export interface FrameReaderOptions {
  readonly onMessage: (message: DownMessage) => void;
  /** A frame is no message. What came after it may have been taken already, and is not heard. */
  readonly onFault: (error: unknown) => void;
}

export function createFrameReader({ onMessage, onFault }: FrameReaderOptions): FrameReader {
  const waiting: Uint8Array[] = [];
  let isBusy = false;
  let isBroken = false;

  return {
    take(frame) {
      waiting.push(frame);
      if (!isBusy) read();
    },
  };

  function read(): void {
    isBusy = false;
    try {
      for (let frame = waiting.shift(); frame !== undefined && !isBroken; frame = waiting.shift()) {
        const message = down.decode(frame);
        if (message?.type === 'deflated') {
          isBusy = true;
          inflate(message).then(readInflated, fail);
          return;
        }
        if (message !== undefined) onMessage(message);
      }
    } catch (error) {
      fail(error);
    }
  }

  function readInflated(frame: Uint8Array): void {
    try {
      const message = down.decode(frame);
      if (message?.type === 'deflated') throw new FrameError('a deflated frame holds another one');
      if (message !== undefined) onMessage(message);
    } catch (error) {
      return fail(error);
    }
    read();
  }

  function fail(error: unknown): void {
    isBroken = true;
    onFault(error);
  }
}
