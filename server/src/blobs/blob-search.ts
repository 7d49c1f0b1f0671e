import type { BlobIndex, BlobPlace, BlobRow } from '../store.ts';
import type { BlobPeer } from './blob-peer.ts';
import { blobText } from './read-attachments.ts';

/** Of one tenant: who is asked for which blob, one at a time, and who waits for it. */
export interface BlobSearch {
  readonly isEmpty: boolean;
  join(peer: BlobPeer): void;
  leave(peer: BlobPeer): void;
  /** True: this session may be asked for the blob. False: another is; this one comes next. */
  claim(peer: BlobPeer, place: BlobPlace): boolean;
  /** The session will not bring the blob: the next one is asked. */
  release(peer: BlobPeer, place: BlobPlace): void;
  /** The session cannot be asked now, through no fault of its own. Nobody else is asked in its place. */
  abandon(peer: BlobPeer, place: BlobPlace): void;
  /** The session has asked for the bytes in vain; those who may have them are asked. */
  await(peer: BlobPeer, digest: string): void;
  /** It does not wait any more. */
  forget(peer: BlobPeer, digest: string): void;
  /** A session has come: it may have what others wait for. */
  resume(peer: BlobPeer): void;
  arrived(digest: string): void;
}

export interface BlobSearchOptions {
  readonly tenant: string;
  readonly index: BlobIndex;
  readonly maxBlobBytes: number;
  readonly log: (line: string) => void;
}

/** Somebody is asked for a blob. */
interface Pursuit {
  holder: BlobPeer;
  /** Those that come next, with the rows that they know it from. */
  readonly next: Map<BlobPeer, BlobPlace>;
}

/** Some wait for a blob. */
interface Awaited {
  readonly by: Set<BlobPeer>;
  /** Who could be asked still: each session once, also those that come meanwhile. */
  candidates: Iterator<BlobPeer>;
}

/** Rows that are looked at for who may read a blob. A picture that thousands of rows share is found by the first ones. */
const MAX_ROWS = 20;

/** Sessions that come next for one blob. */
const MAX_NEXT = 64;

/** Blobs that a session that has just come is asked for, because others wait for them. */
const MAX_RESUMED = 32;

export function createBlobSearch({ tenant, index, maxBlobBytes, log }: BlobSearchOptions): BlobSearch {
  const peers = new Set<BlobPeer>();
  const peersByReplica = new Map<string, Set<BlobPeer>>();
  const awaitedByDigest = new Map<string, Awaited>();
  /** By digest, then by digest and length: what a row says of the length may be wrong. */
  const pursuitsByDigest = new Map<string, Map<string, Pursuit>>();

  return {
    get isEmpty() {
      return peers.size === 0;
    },
    join(peer) {
      peers.add(peer);
      const { replica } = peer;
      if (replica !== '') peersByReplica.set(replica, (peersByReplica.get(replica) ?? new Set()).add(peer));
    },
    leave(peer) {
      peers.delete(peer);
      const same = peersByReplica.get(peer.replica);
      same?.delete(peer);
      if (same?.size === 0) peersByReplica.delete(peer.replica);
      for (const pursuits of pursuitsByDigest.values()) {
        for (const { next } of pursuits.values()) next.delete(peer);
      }
    },
    claim(peer, place) {
      const pursuit = pursuitOf(place);
      if (pursuit === undefined) begin(peer, place);
      else if (pursuit.holder !== peer) {
        if (pursuit.next.size < MAX_NEXT) pursuit.next.set(peer, place);
        return false;
      }
      return true;
    },
    release(peer, place) {
      const pursuit = pursuitOf(place);
      pursuit?.next.delete(peer);
      if (pursuit?.holder !== peer) return;
      for (const [next, known] of pursuit.next) {
        pursuit.next.delete(next);
        if (next.isAskedInVain(place.digest)) continue;
        pursuit.holder = next;
        return next.offer(known);
      }
      end(place);
      askNext(place.digest);
    },
    abandon(peer, place) {
      if (pursuitOf(place)?.holder === peer) end(place);
    },
    await(peer, digest) {
      const awaited = awaitedByDigest.get(digest) ?? { by: new Set(), candidates: peers.values() };
      awaited.by.add(peer);
      // Asked for once more: whoever did not have it then may have it now.
      if (!pursuitsByDigest.has(digest)) awaited.candidates = peers.values();
      awaitedByDigest.set(digest, awaited);
      askNext(digest);
    },
    forget(peer, digest) {
      const awaited = awaitedByDigest.get(digest);
      awaited?.by.delete(peer);
      if (awaited?.by.size === 0) awaitedByDigest.delete(digest);
    },
    resume(peer) {
      for (const [digest, awaited] of [...awaitedByDigest].slice(0, MAX_RESUMED)) {
        if (!pursuitsByDigest.has(digest)) askFirst(digest, awaited, [peer]);
      }
    },
    arrived(digest) {
      const pursuits = [...(pursuitsByDigest.get(digest)?.values() ?? [])];
      pursuitsByDigest.delete(digest);
      for (const { holder } of pursuits) holder.arrived(digest);
      const awaited = awaitedByDigest.get(digest);
      awaitedByDigest.delete(digest);
      for (const peer of awaited?.by ?? []) peer.tellHere(digest);
    },
  };

  function pursuitOf(place: BlobPlace): Pursuit | undefined {
    return pursuitsByDigest.get(place.digest)?.get(blobText(place));
  }

  function begin(holder: BlobPeer, place: BlobPlace): void {
    const pursuits = pursuitsByDigest.get(place.digest) ?? new Map<string, Pursuit>();
    pursuitsByDigest.set(place.digest, pursuits.set(blobText(place), { holder, next: new Map() }));
  }

  function end(place: BlobPlace): void {
    const pursuits = pursuitsByDigest.get(place.digest);
    pursuits?.delete(blobText(place));
    if (pursuits?.size === 0) pursuitsByDigest.delete(place.digest);
  }

  /** If anybody waits for it and nobody is asked: the writers of rows that have it, then whoever may read one. */
  function askNext(digest: string): void {
    const awaited = awaitedByDigest.get(digest);
    if (awaited === undefined || pursuitsByDigest.has(digest)) return;
    const writers = rowsWith(digest).flatMap(({ replica }) => [...(peersByReplica.get(replica) ?? [])]);
    if (!askFirst(digest, awaited, writers)) askFirst(digest, awaited, rest(awaited.candidates));
  }

  /** Of these sessions, the first one that may have it. */
  function askFirst(digest: string, awaited: Awaited, candidates: Iterable<BlobPeer>): boolean {
    const rows = rowsWith(digest);
    if (rows.length === 0) return false;
    for (const peer of candidates) {
      if (awaited.by.has(peer) || peer.isAskedInVain(digest)) continue;
      const readable = rows.filter(({ labels }) => peer.mayRead(labels));
      // What the device itself has written is right about the length.
      const row = readable.find(({ replica }) => replica === peer.replica) ?? readable[0];
      if (row === undefined) continue;
      const { collection, id, length } = row;
      const place = { collection, id, digest, length };
      begin(peer, place);
      peer.offer(place);
      return true;
    }
    return false;
  }

  /** Whoever leaves, is silent or has no blob must not hear of it when the store cannot be read for another. */
  function rowsWith(digest: string): readonly BlobRow[] {
    try {
      return index.rowsWith(tenant, digest, MAX_ROWS).filter(({ length }) => length <= maxBlobBytes);
    } catch (error) {
      log(`Looking for a blob of ${tenant} failed: ${error instanceof Error ? error.message : error}`);
      return [];
    }
  }
}

/** What an iterator has not handed out yet; it goes on later where the loop over this has stopped. */
function* rest<T>(iterator: Iterator<T>): Iterable<T> {
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value;
}
