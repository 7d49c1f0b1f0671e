import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Thrown when a frame is no message of this protocol. The socket it came from cannot be trusted any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * One frame is one message: its kind (varUint), then its body up to the end of the frame. Kinds from here on are
 * optional: who does not know one skips the frame.
 */
export const FIRST_OPTIONAL_KIND = 64;

/** A kind takes no more. */
const KIND_BYTES = 8;

interface Message {
  readonly type: string;
}

export interface FrameCodec<M extends Message> {
  encode(message: M): Uint8Array<ArrayBuffer>;
  /**
   * The message, or undefined for an optional one that this side does not know.
   * @throws FrameError when the frame does not decode, or is of an unknown kind that is not optional.
   */
  decode(frame: Uint8Array): M | undefined;
}

type Table<M extends Message> = {
  readonly [T in M['type']]: { readonly kind: number; readonly codec: Codec<Extract<M, { readonly type: T }>> };
};

export function frameCodec<M extends Message>(table: Table<M>): FrameCodec<M> {
  const entries = new Map<string, { kind: number; codec: Codec<M> }>(Object.entries(table));
  const codecByKind = new Map([...entries.values()].map(({ kind, codec }) => [kind, codec]));

  return {
    encode(message) {
      const entry = entries.get(message.type);
      if (entry === undefined) throw new FrameError(`'${message.type}' is no message of this protocol`);
      const encoder = encoding.createEncoder();
      const room = entry.codec.room?.(message);
      if (room !== undefined) encoder.cbuf = new Uint8Array(KIND_BYTES + room);
      encoding.writeVarUint(encoder, entry.kind);
      entry.codec.write(encoder, message);
      const isInRoom = room !== undefined && encoder.bufs.length === 0;
      return isInRoom ? encoder.cbuf.subarray(0, encoder.cpos) : encoding.toUint8Array(encoder);
    },
    decode(frame) {
      const decoder = decoding.createDecoder(frame);
      const kind = attempt('its kind', () => readUint(decoder));
      const codec = codecByKind.get(kind);
      if (codec === undefined) {
        if (kind >= FIRST_OPTIONAL_KIND) return undefined;
        throw new FrameError(`a frame has the unknown kind ${kind}`);
      }
      const message = attempt(`kind ${kind}`, () => codec.read(decoder));
      if (decoding.hasContent(decoder)) throw new FrameError(`a frame of kind ${kind} has bytes after its end`);
      return message;
    },
  };
}

function attempt<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new FrameError(`a frame does not decode (${what}): ${error instanceof Error ? error.message : error}`);
  }
}
