import { createHash } from 'node:crypto';
import type { BlobGet, BlobPut } from '@breakwater/protocol';
import { CONNECTED } from '@breakwater/testing';
import { LinkLostError } from '../src/connection/errors.ts';
import type { Session } from '../src/connection/session.ts';

/** A link whose other end the test plays. */
export interface BlobSession {
  readonly session: Session;
  readonly puts: BlobPut[];
  readonly gets: BlobGet[];
  /** Digests that were said not to be here. */
  readonly lacked: string[];
  /** Requests on their way at once, at most so far. */
  readonly mostAtOnce: number;
  lose(): void;
}

export interface OtherEnd {
  /** Answers how much it has; throws a RequestError to refuse. */
  readonly put?: (put: BlobPut) => number | Promise<number>;
  readonly get?: (get: BlobGet) => { readonly length: number; readonly bytes: Uint8Array } | Promise<never>;
  readonly pushesAnswered?: () => Promise<void>;
  readonly sincePushMs?: () => number;
}

export function playOtherEnd({
  put,
  get,
  pushesAnswered = async () => {},
  sincePushMs = () => Number.POSITIVE_INFINITY,
}: OtherEnd): BlobSession {
  const controller = new AbortController();
  const puts: BlobPut[] = [];
  const gets: BlobGet[] = [];
  const lacked: string[] = [];
  let now = 0;
  let mostAtOnce = 0;

  async function answer(body: BlobPut | BlobGet): Promise<unknown> {
    if (body.type === 'blob-put') puts.push(body);
    else gets.push(body);
    mostAtOnce = Math.max(mostAtOnce, ++now);
    // A line takes a while.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      if (body.type === 'blob-put') return { type: 'blob-have', request: 0, have: await put?.(body) };
      return { type: 'blob-part', request: 0, ...(await get?.(body)) };
    } finally {
      now--;
    }
  }

  const lost = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  });
  lost.catch(() => {});

  const session: Session = {
    connected: CONNECTED,
    signal: controller.signal,
    request: async (body, onReply) =>
      onReply((await Promise.race([answer(body as unknown as BlobPut | BlobGet), lost])) as never),
    tell(message) {
      if (message.type === 'blob-lacks') lacked.push(...message.digests);
    },
    pushesAnswered,
    sincePushMs,
  };
  return {
    session,
    puts,
    gets,
    lacked,
    get mostAtOnce() {
      return mostAtOnce;
    },
    lose: () => controller.abort(new LinkLostError()),
  };
}

export function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
