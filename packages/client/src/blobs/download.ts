import { LinkLostError, RequestError } from '../connection/errors.ts';
import { describeError } from '../describe-error.ts';
import { AttachmentMissingError, StorageFullError } from '../errors.ts';
import type { HeldBytes } from '../storage/attachment-bytes.ts';
import { createSignal } from '../sync/signal.ts';
import type { AttachmentRef } from './attachment-ref.ts';
import type { DownloadsOptions, FetchOptions } from './download-options.ts';
import type { Gate } from './gate.ts';
import type { Lane } from './lane.ts';
import { type Beginning, receiveBlob } from './receive-blob.ts';
import { createWaiters } from './waiters.ts';

/** One blob on its way here, over as many links as it takes. */
export interface Download {
  /** Can others still join? */
  readonly isOpen: boolean;
  /** Resolves when it has ended, one way or the other, and nothing of it goes on. */
  readonly over: Promise<void>;
  /** @param ref one more attachment that has these bytes. */
  join(ref: AttachmentRef, options: FetchOptions): Promise<Blob>;
  /** The server may have the bytes by now. */
  askAgain(): void;
  end(error: unknown): void;
}

export interface DownloadOptions extends DownloadsOptions {
  /** Lets a few downloads move at once. */
  readonly gate: Gate;
}

/** A download that has begun outlives a lost link for so long, in milliseconds, though nobody would wait for one. */
const RELINK_MS = 30_000;
/** What the server did not have is asked for again after this, in milliseconds: its word may have been lost. */
const AGAIN_AFTER_MS = 60_000;
/** From here on what has come is kept each time that it has doubled, in bytes: in all at most twice the whole. */
const KEEP_FROM_BYTES = 1024 * 1024;

export function createDownload(first: AttachmentRef, options: DownloadOptions): Download {
  const { bytesOf, hash, link, transfers, scheduler, onError, gate } = options;
  const { digest, length } = first;
  const refs: AttachmentRef[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const wake = createSignal();
  const waiters = createWaiters(() => abort(new DOMException('nobody waits for the download', 'AbortError')));
  const cancelled = () => end(new DOMException('the download was cancelled', 'AbortError'));
  const { collection, id, name, type } = first;
  const what = { direction: 'down', collection, id, name, digest, type, bytes: 0, total: length } as const;
  const transfer = transfers.begin({ ...what, state: 'queued' }, cancelled);
  /** What has come since this app began. */
  let beginning: Beginning | undefined;
  let keptBytes = 0;
  let keeping: Promise<void> = Promise.resolve();
  /** How often the server said that it has the bytes. */
  let timesHere = 0;
  let hasBegun = false;
  let isOpen = true;
  const over = Promise.withResolvers<void>();

  function abort(reason: unknown): void {
    isOpen = false;
    controller.abort(reason);
    wake.fire();
  }

  function end(error: unknown): void {
    waiters.reject(error);
    abort(error);
  }

  async function run(): Promise<void> {
    try {
      const data = await obtain();
      isOpen = false;
      waiters.resolve(data);
    } catch (error) {
      isOpen = false;
      waiters.reject(error);
      await keepBeginning();
    }
    transfer.end();
    await keeping;
    over.resolve();
  }

  async function obtain(): Promise<Blob> {
    const held = await findHeld();
    if (held?.isWhole) return held.data;
    let part = held?.data ?? new Blob([]);
    keptBytes = part.size;
    transfer.moved(part.size);
    for (let attempt = 0; attempt < 2; attempt++) {
      const data = await receive(part);
      if (data.size === length && (await hash(data)) === digest) {
        keep({ isWhole: true, data });
        await keeping;
        return data;
      }
      // From the beginning: the mistake may be in what was kept.
      part = new Blob([]);
      beginning = undefined;
      keptBytes = 0;
      keep({ isWhole: false, data: part });
    }
    throw new AttachmentMissingError(first, `and what the server sent is something else than ${digest}`);
  }

  async function receive(held: Blob): Promise<Blob> {
    let part = held;
    let row = 0;
    let heardBefore = timesHere;
    while (part.size < length) {
      const lane = await reachLink();
      try {
        return await receiveOver(lane, part, refs[row] ?? first);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof LinkLostError) && !(error instanceof RequestError)) {
          throw new AttachmentMissingError(first, `and cannot be had: ${describeError(error)}`);
        }
        part = beginning?.toBlob() ?? part;
        if (error instanceof RequestError) {
          row++;
          // It may have come while the last answer was on its way: that is not said twice.
          if (row >= refs.length && timesHere === heardBefore) await untilServerHasIt(error);
          if (row >= refs.length) heardBefore = timesHere;
          row %= refs.length;
        }
      }
    }
    return part;
  }

  async function receiveOver(lane: Lane, part: Blob, { collection, id }: AttachmentRef): Promise<Blob> {
    await gate.enter(signal);
    try {
      transfer.become('moving');
      return await receiveBlob({ collection, id, digest, length }, part, { lane, signal, onPiece });
    } finally {
      gate.leave();
    }
  }

  function onPiece(now: Beginning): void {
    beginning = now;
    transfer.moved(now.size);
    const isWorthIt = now.size >= KEEP_FROM_BYTES && now.size >= 2 * keptBytes && now.size < length;
    if (isWorthIt) void keepBeginning();
  }

  async function reachLink(): Promise<Lane> {
    if (link.lane !== undefined) return link.lane;
    transfer.become('waiting');
    const offline = () =>
      waiters.rejectImpatient(new AttachmentMissingError(first, 'and there is no link to fetch them'));
    const cancelDeadline = scheduler.after(RELINK_MS, offline);
    try {
      for (;;) {
        signal.throwIfAborted();
        if (link.lane !== undefined) return link.lane;
        if (!link.isConnecting && beginning === undefined) offline();
        signal.throwIfAborted();
        await Promise.race([link.changed(), wake.next()]);
      }
    } finally {
      cancelDeadline();
    }
  }

  /** Those who wait go on waiting, as long as a document has the attachment. */
  async function untilServerHasIt({ code, message }: RequestError): Promise<void> {
    const why = code === 'blob-missing' ? 'and the server does not have them yet' : `and the server says: ${message}`;
    waiters.rejectImpatient(new AttachmentMissingError(first, why));
    signal.throwIfAborted();
    transfer.become('waiting');
    const cancelAgain = scheduler.after(AGAIN_AFTER_MS, wake.fire);
    await Promise.race([link.changed(), wake.next()]);
    cancelAgain();
    signal.throwIfAborted();
    if (!(await isAttached())) throw new AttachmentMissingError(first, 'and no document has the attachment any more');
  }

  async function isAttached(): Promise<boolean> {
    for (const { collection, id } of refs) {
      const named = (await bytesOf(collection)?.named(id, digest)) ?? [];
      if (named.length > 0) return true;
    }
    return false;
  }

  async function findHeld(): Promise<HeldBytes | undefined> {
    let most: HeldBytes | undefined;
    for (const { collection, id } of refs) {
      const held = await bytesOf(collection)?.heldUnderAnyName(id, digest);
      if (held?.isWhole) return held;
      if (held !== undefined && held.data.size >= (most?.data.size ?? 0)) most = held;
    }
    return most;
  }

  async function keepBeginning(): Promise<void> {
    if (beginning === undefined || beginning.size <= keptBytes) return;
    keptBytes = beginning.size;
    keep({ isWhole: false, data: beginning.toBlob() });
    await keeping;
  }

  /** What has come is of use even if it cannot be kept. */
  function keep(held: HeldBytes): void {
    keeping = keeping
      .then(async () => {
        for (const { collection, id } of refs) await bytesOf(collection)?.keep(id, digest, held);
      })
      .catch((error: unknown) => {
        // A full device is told of by the storage itself.
        if (error instanceof StorageFullError) return;
        onError({ code: 'storage-failed', message: describeError(error), collection, cause: error });
      });
  }

  return {
    get isOpen() {
      return isOpen;
    },
    over: over.promise,
    join(ref, fetchOptions) {
      if (!refs.some(({ collection, id }) => collection === ref.collection && id === ref.id)) refs.push(ref);
      const joined = waiters.join(fetchOptions);
      // Who would not wait has to hear how it stands now.
      if (hasBegun) wake.fire();
      else void run();
      hasBegun = true;
      return joined;
    },
    askAgain() {
      timesHere++;
      wake.fire();
    },
    end,
  };
}
