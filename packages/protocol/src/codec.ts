import type * as decoding from 'lib0/decoding';
import type * as encoding from 'lib0/encoding';

/** How the body of one kind of message is written and read. */
export interface Codec<M> {
  write(encoder: encoding.Encoder, message: M): void;
  read(decoder: decoding.Decoder): M;
}
