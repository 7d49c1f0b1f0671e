import type { Lane } from './lane.ts';
import { WINDOW } from './pace.ts';

export interface WantedAttachment {
  readonly collection: string;
  /** Of a row that has it. */
  readonly id: string;
  readonly digest: string;
  /** Bytes of the whole, as the row says. */
  readonly length: number;
}

/** The beginning of a blob, as far as it has come. */
export interface Beginning {
  readonly size: number;
  toBlob(): Blob;
}

export interface ReceiveOptions {
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** One more piece has come. */
  readonly onPiece: (beginning: Beginning) => void;
}

/**
 * Fetches the rest of a blob piece by piece, and answers the whole. It was not verified.
 *
 * @throws RequestError when the server does not have it; LinkLostError; Error when it has another length.
 */
export async function receiveBlob(wanted: WantedAttachment, part: Blob, options: ReceiveOptions): Promise<Blob> {
  const { length } = wanted;
  const { lane, onPiece } = options;
  const signal = AbortSignal.any([options.signal, lane.session.signal]);
  const coming: Promise<Uint8Array>[] = [];
  const received: BlobPart[] = [part];
  const toBlob = () => new Blob(received);
  let asked = part.size;
  let size = part.size;
  let hasFailed = false;

  async function ask(): Promise<void> {
    const leave = await lane.enter(signal);
    // What waits behind a failure would hear the same, and keep the caller from hearing it.
    if (hasFailed) return leave('failed');
    const bytes = Math.min(lane.pieceBytes, length - asked);
    const piece = fetchPiece(wanted, { from: asked, bytes }, lane);
    piece.then(
      () => leave('answered'),
      () => {
        hasFailed = true;
        leave('failed');
      },
    );
    asked += bytes;
    coming.push(piece);
  }

  while (size < length) {
    while (asked < length && coming.length < WINDOW && !hasFailed) await ask();
    const piece = await untilAborted(coming.shift(), signal);
    if (piece === undefined) break;
    received.push(piece as Uint8Array<ArrayBuffer>);
    size += piece.length;
    onPiece({ size, toBlob });
  }
  return toBlob();
}

/** A piece that was asked for may take its time; who gives up does not wait for it. */
async function untilAborted<T>(work: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The server may answer with less than was asked for. */
async function fetchPiece(
  { collection, id, digest, length }: WantedAttachment,
  { from, bytes }: { readonly from: number; readonly bytes: number },
  { session }: Lane,
): Promise<Uint8Array> {
  const first = await fetchPart(from, bytes);
  if (first.length >= bytes) return first.subarray(0, bytes);
  const piece = new Uint8Array(bytes);
  piece.set(first);
  for (let filled = first.length; filled < bytes; ) {
    const part = await fetchPart(from + filled, bytes - filled);
    piece.set(part.subarray(0, bytes - filled), filled);
    filled += part.length;
  }
  return piece;

  async function fetchPart(offset: number, maxBytes: number): Promise<Uint8Array> {
    const range = { offset, maxBytes };
    const part = await session.request({ type: 'blob-get', collection, id, digest, ...range }, (answer) => answer);
    if (part.length === length && part.bytes.length > 0) return part.bytes;
    throw new Error(`the server has ${part.length} bytes for ${digest}, the row says ${length}`);
  }
}
