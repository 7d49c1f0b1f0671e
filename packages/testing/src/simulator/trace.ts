import { createHash } from 'node:crypto';

/** What happened, in order, as one hash: two runs of a seed must have the same. */
export interface Trace {
  readonly hash: string;
  note(what: string, bytes?: Uint8Array): void;
}

export function createTrace(): Trace {
  const hash = createHash('sha256');
  return {
    get hash() {
      return hash.copy().digest('hex');
    },
    note(what, bytes) {
      hash.update(what);
      if (bytes !== undefined) hash.update(bytes);
    },
  };
}
