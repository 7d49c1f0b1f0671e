import type { BlobPlace } from '../store.ts';

/** A session as those see it who look for blobs. */
export interface BlobPeer {
  /** Names the device's database; '': nobody knows. */
  readonly replica: string;
  mayRead(labels: readonly string[]): boolean;
  /** Is it of no use to ask it for these bytes: it has said so, was asked already, or is silent? */
  isAskedInVain(digest: string): boolean;
  /** It shall be asked for this blob before others. */
  offer(place: BlobPlace): void;
  /** The bytes are there: nobody needs them from it any more. */
  arrived(digest: string): void;
  /** What it has asked for in vain is there. */
  tellHere(digest: string): void;
}
