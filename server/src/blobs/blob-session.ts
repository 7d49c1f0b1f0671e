import { type BlobGet, type BlobLacks, type BlobPut, down, type ErrorCode } from '@breakwater/protocol';
import { isName } from '../collection-names.ts';
import { mayRead } from '../labels.ts';
import { MAX_BLOB_PIECE_BYTES } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import type { BlobPlace, Store } from '../store.ts';
import type { Peer } from '../stream.ts';
import type { BlobPeer } from './blob-peer.ts';
import type { BlobSearch } from './blob-search.ts';
import type { BlobBytes, BlobRange, BlobStore } from './blob-store.ts';
import { createLane } from './lane.ts';
import { createRecent } from './recent.ts';
import { createSessionWants } from './session-wants.ts';

/** What a session says and hears of blobs. Messages are answered in their order, beside those that are about rows. */
export interface BlobSession {
  /** The session has been told that it is connected. */
  begin(): void;
  /** What the rows of a push refer to, now that they are stored. */
  pushed(places: readonly BlobPlace[]): void;
  /** Resolves when the session may say more. */
  get(message: BlobGet): Promise<void>;
  /** Resolves when the session may say more. */
  put(message: BlobPut): Promise<void>;
  lacks(message: BlobLacks): void;
  /** The peer has room again. */
  drained(): void;
  leave(): void;
}

export interface BlobSessionOptions {
  readonly peer: Peer;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly search: BlobSearch;
  readonly maxBlobBytes: number;
  readonly scheduler: Scheduler;
  readonly log: (line: string) => void;
}

/** Blobs that a session is told of when they come. Beyond them it asks again by itself. */
const MAX_AWAITED = 1_000;

/** Blobs of which is remembered that their bytes were wrong once. */
const MAX_WRONG = 1_000;

export function createBlobSession(options: BlobSessionOptions): BlobSession {
  const { peer, store, blobs, search, log } = options;
  const { tenant, replica = '' } = peer;

  const lane = createLane();
  const awaited = new Set<string>();
  const wrong = createRecent<true>(MAX_WRONG);
  const forRoom: (() => void)[] = [];
  let isGone = false;

  const self: BlobPeer = {
    replica,
    mayRead: (labels) => mayRead(peer.labels, labels),
    isAskedInVain: (digest) => wants.isAskedInVain(digest),
    offer: (place) => wants.offer(place),
    arrived: (digest) => wants.arrived(digest),
    tellHere(digest) {
      awaited.delete(digest);
      peer.send(down.encode({ type: 'blob-here', digests: [digest] }));
    },
  };
  const wants = createSessionWants({ ...options, self, onFound: setStored });
  search.join(self);

  return {
    begin() {
      wants.begin();
      search.resume(self);
    },
    pushed: (places) => wants.pushed(places.filter((place) => !store.blobs.isStored(tenant, place.digest))),
    get: (message) =>
      lane.add(Math.min(message.maxBytes, MAX_BLOB_PIECE_BYTES), () =>
        answerSafely(message.request, 'Reading', () => answerGet(message)),
      ),
    async put(message) {
      // Before it waits: what is that large shall not be kept.
      if (message.bytes.length > MAX_BLOB_PIECE_BYTES) return sendTooMuch(message);
      await lane.add(message.bytes.length, () => answerSafely(message.request, 'Storing', () => answerPut(message)));
    },
    lacks({ digests }) {
      wants.heard();
      for (const digest of digests) if (wants.get(digest) !== undefined) wants.giveUp(digest);
    },
    drained() {
      for (const resolve of forRoom.splice(0)) resolve();
      wants.fill();
    },
    leave() {
      isGone = true;
      for (const resolve of forRoom.splice(0)) resolve();
      for (const digest of awaited) search.forget(self, digest);
      search.leave(self);
      wants.leave();
    },
  };

  async function answerSafely(request: number, doing: string, answer: () => Promise<void>): Promise<void> {
    if (isGone) return;
    try {
      await answer();
    } catch (error) {
      log(`${doing} a blob of ${tenant} failed: ${error instanceof Error ? error.message : error}`);
      sendError(request, 'storage-failed', 'the server could not read or store the bytes; try again later');
    }
  }

  async function answerGet(message: BlobGet): Promise<void> {
    await room();
    const { request, digest, offset, maxBytes } = message;
    if (isGone) return;
    if (!isReadable(message)) return sendMissing(request);
    const range = { offset, maxBytes: Math.min(maxBytes, MAX_BLOB_PIECE_BYTES) };
    const found = await read(digest, range);
    if (isGone) return;
    if (found !== undefined) return peer.send(down.encode({ type: 'blob-part', request, ...found }));
    sendMissing(request);
    awaitBlob(digest);
  }

  /** Through a row that the session may read, and that refers to it. */
  function isReadable({ collection, id, digest }: BlobGet): boolean {
    if (!isName(collection) || !isName(id)) return false;
    const refs = store.blobs.ofRow(tenant, { collection, id }, digest);
    return refs.some(({ labels }) => mayRead(peer.labels, labels));
  }

  /** What the files say counts: the store is told when it thinks otherwise. */
  async function read(digest: string, range: BlobRange): Promise<BlobBytes | undefined> {
    const found = await blobs.read(tenant, digest, range);
    const isStored = store.blobs.isStored(tenant, digest);
    if (found !== undefined && !isStored) await setStored(digest);
    if (found === undefined && isStored) {
      log(`A blob of ${tenant} is lost, or is not what it was; it is asked for again: ${digest}`);
      await store.blobs.setGone(tenant, digest);
    }
    return found;
  }

  function awaitBlob(digest: string): void {
    awaited.delete(digest);
    awaited.add(digest);
    const [oldest] = awaited;
    if (awaited.size > MAX_AWAITED && oldest !== undefined) {
      awaited.delete(oldest);
      search.forget(self, oldest);
    }
    search.await(self, digest);
  }

  async function answerPut(message: BlobPut): Promise<void> {
    const { request, digest, offset, bytes } = message;
    const place = wants.get(digest);
    if (place === undefined) return sendError(request, 'blob-unwanted', 'the server does not want this blob');
    wants.heard();
    if (!isWantedStill(place)) {
      wants.drop(digest);
      return sendError(request, 'blob-unwanted', 'no row has this blob any more, or it is all there');
    }
    if (offset + bytes.length > place.length) return sendTooMuch(message);
    const held = await blobs.append(tenant, place, { offset, bytes });
    switch (held.kind) {
      case 'part':
        return sendHave(request, held.have);
      case 'whole':
        await setStored(digest);
        return sendHave(request, place.length);
      case 'wrong':
        return answerWrong(request, digest);
    }
  }

  function isWantedStill(place: BlobPlace): boolean {
    return !store.blobs.isStored(tenant, place.digest) && store.blobs.isReferenced(tenant, place);
  }

  /** The first time the bytes may have been spoilt on the way, or by who sent them before. */
  function answerWrong(request: number, digest: string): void {
    if (!wrong.has(digest)) {
      wrong.set(digest, true);
      return sendHave(request, 0);
    }
    log(`A session of ${tenant} sent wrong bytes twice for the blob ${digest}`);
    sendError(request, 'blob-unwanted', 'the bytes are not what the digest says');
    wants.giveUp(digest);
  }

  async function setStored(digest: string): Promise<void> {
    await store.blobs.setStored(tenant, digest);
    search.arrived(digest);
    wants.drop(digest);
  }

  /** Pieces wait for the session to take what was sent before. */
  async function room(): Promise<void> {
    while (!isGone && peer.isFull()) await new Promise<void>((resolve) => forRoom.push(resolve));
  }

  function sendHave(request: number, have: number): void {
    send(down.encode({ type: 'blob-have', request, have }));
  }

  function sendTooMuch({ request, offset, bytes }: BlobPut): void {
    const rule = `a piece has at most ${MAX_BLOB_PIECE_BYTES} bytes and ends with the blob`;
    sendError(request, 'invalid-request', `${rule}; this one has ${bytes.length} from ${offset} on`);
  }

  function sendMissing(request: number): void {
    sendError(request, 'blob-missing', 'the server does not have this blob for you now');
  }

  function sendError(request: number, code: ErrorCode, message: string): void {
    send(down.encode({ type: 'error', request, code, message }));
  }

  function send(frame: Uint8Array): void {
    if (!isGone) peer.send(frame);
  }
}
