import type * as decoding from 'lib0/decoding';
import type * as encoding from 'lib0/encoding';

/** How the body of one kind of message is written and read. */
export interface Codec<M> {
  write(encoder: encoding.Encoder, message: M): void;
  /** The bytes of a body that is large, or a few more: with as much room it is copied once. Left out: it is small. */
  room?(message: M): number;
  read(decoder: decoding.Decoder): M;
}
