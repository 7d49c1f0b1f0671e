import { down } from '@breakwater/protocol';
import { mayRead } from '../labels.ts';
import type { Scheduler } from '../scheduler.ts';
import type { BlobPlace, Store } from '../store.ts';
import type { Peer } from '../stream.ts';
import type { BlobPeer } from './blob-peer.ts';
import type { BlobSearch } from './blob-search.ts';
import type { BlobStore } from './blob-store.ts';
import { createRecent } from './recent.ts';

/** What a session is asked for: a few blobs at a time, the next ones as these are settled. */
export interface SessionWants extends Pick<BlobPeer, 'isAskedInVain' | 'offer' | 'arrived'> {
  /** From now on the session may be asked, at first for what its replica wrote. */
  begin(): void;
  /** It has pushed rows that refer to these: it may have them, whatever it said before. */
  pushed(places: readonly BlobPlace[]): void;
  /** What the session is asked for; undefined: not for that. */
  get(digest: string): BlobPlace | undefined;
  /** The session does its part: others are not asked for now. */
  heard(): void;
  /** The session does not have it, or nothing that is of use. */
  giveUp(digest: string): void;
  /** Nobody needs it any more. */
  drop(digest: string): void;
  /** There may be room again for another message. */
  fill(): void;
  leave(): void;
}

export interface SessionWantsOptions {
  readonly peer: Peer;
  readonly self: BlobPeer;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly search: BlobSearch;
  readonly maxBlobBytes: number;
  readonly scheduler: Scheduler;
  /** The bytes of a blob are there, although nobody has brought them now. */
  onFound(digest: string): Promise<void>;
  readonly log: (line: string) => void;
}

interface Looked {
  readonly place: BlobPlace;
  /** Bytes that are there; undefined: all. */
  readonly have: number | undefined;
}

/** Blobs that a session is asked for and has not settled. */
export const MAX_WANTED = 64;

/** Blobs that a session shall be asked for next. Beyond them the store is asked once more for what its replica wrote. */
const MAX_QUEUED = 1_000;

/** Blobs of which is remembered that the session does not have them. One that was forgotten is asked for again. */
const MAX_LACKED = 2_000;

/** A session that brings nothing for so long, in milliseconds, keeps nobody else from being asked. */
export const SILENT_AFTER_MS = 30_000;

export function createSessionWants(options: SessionWantsOptions): SessionWants {
  const { peer, self, store, blobs, search, maxBlobBytes, scheduler, onFound, log } = options;
  const { tenant } = peer;
  const { replica } = self;

  const wanted = new Map<string, BlobPlace>();
  const lacked = createRecent<true>(MAX_LACKED);
  let queue: BlobPlace[] = [];
  /** Up to where the store was asked for what the replica wrote; `over`: there was no more. */
  let scanned: BlobPlace | undefined | 'over' = replica === '' ? 'over' : undefined;
  /** Does the queue lack what it had no room for? */
  let isToScanAgain = false;
  let isOpen = false;
  let isFilling = false;
  let isToFillAgain = false;
  let heardAt = 0;
  let isSilent = false;
  let cancelSilence: (() => void) | undefined;

  return {
    begin() {
      isOpen = true;
      fill();
    },
    pushed(places) {
      for (const place of places) {
        lacked.delete(place.digest);
        enqueue(place);
      }
      fill();
    },
    offer(place) {
      queue.unshift(place);
      fill();
    },
    get: (digest) => wanted.get(digest),
    isAskedInVain: (digest) => isSilent || lacked.has(digest) || wanted.has(digest),
    heard,
    giveUp(digest) {
      lacked.set(digest, true);
      settle(digest);
    },
    drop: settle,
    arrived: settle,
    fill,
    leave() {
      isOpen = false;
      cancelSilence?.();
      const places = [...wanted.values(), ...takeQueue()];
      wanted.clear();
      for (const place of places) search.release(self, place);
    },
  };

  function heard(): void {
    heardAt = scheduler.now();
    isSilent = false;
    if (wanted.size > 0) cancelSilence ??= scheduler.after(SILENT_AFTER_MS, lookForSilence);
  }

  function settle(digest: string): void {
    const place = wanted.get(digest);
    if (place === undefined) return;
    wanted.delete(digest);
    search.release(self, place);
    fill();
  }

  function enqueue(place: BlobPlace): void {
    if (queue.length < MAX_QUEUED) queue.push(place);
    else isToScanAgain = replica !== '';
  }

  /** What the replica wrote of it is found in the store again. */
  function takeQueue(): BlobPlace[] {
    const places = queue;
    queue = [];
    isToScanAgain = replica !== '';
    return places;
  }

  function fill(): void {
    isToFillAgain = true;
    if (!isFilling) void keepFilling();
  }

  async function keepFilling(): Promise<void> {
    isFilling = true;
    try {
      while (isToFillAgain && isOpen && !peer.isFull() && wanted.size < MAX_WANTED) {
        isToFillAgain = false;
        await askForMore();
      }
    } catch (error) {
      // With the next thing that happens to the session it is tried again.
      if (isOpen) log(`Asking for blobs of ${tenant} failed: ${error instanceof Error ? error.message : error}`);
    }
    isFilling = false;
  }

  async function askForMore(): Promise<void> {
    const looked: Looked[] = [];
    try {
      while (isOpen && wanted.size + looked.length < MAX_WANTED) {
        const place = next();
        if (place === undefined) break;
        if (isSame(wanted.get(place.digest), place) || looked.some((each) => isSame(each.place, place))) continue;
        if (!isOfUse(place)) search.release(self, place);
        else if (search.claim(self, place)) looked.push({ place, have: await haveOf(place) });
      }
    } catch (error) {
      for (const { place } of looked) search.abandon(self, place);
      isToScanAgain = replica !== '';
      throw error;
    }
    if (isOpen) ask(looked);
    else for (const { place } of looked) search.release(self, place);
  }

  /** While the files were looked at, some may have come from elsewhere. */
  function ask(looked: readonly Looked[]): void {
    const missing = looked.filter(
      ({ place, have }) => have !== undefined && !store.blobs.isStored(tenant, place.digest),
    );
    if (missing.length === 0) return;
    for (const { place } of missing) wanted.set(place.digest, place);
    heard();
    const asked = missing.map(({ place, have = 0 }) => ({ ...place, have }));
    peer.send(down.encode({ type: 'blob-want', blobs: asked }));
  }

  function next(): BlobPlace | undefined {
    while (queue.length === 0 && hasMore()) scan();
    return queue.shift();
  }

  function hasMore(): boolean {
    if (scanned === 'over' && isToScanAgain) {
      scanned = undefined;
      isToScanAgain = false;
    }
    return scanned !== 'over';
  }

  function scan(): void {
    const after = scanned === 'over' ? undefined : scanned;
    const found = store.blobs.missing(tenant, replica, { after, maxRefs: MAX_WANTED });
    scanned = found.at(-1) ?? 'over';
    // Whoever names another's replica is not asked for what it may not read.
    queue = found.filter(({ labels }) => mayRead(peer.labels, labels));
  }

  function isOfUse({ digest, length }: BlobPlace): boolean {
    if (wanted.has(digest) || lacked.has(digest) || length > maxBlobBytes) return false;
    return !store.blobs.isStored(tenant, digest) && store.blobs.isReferenced(tenant, { digest, length });
  }

  /** Undefined: all of it is there. */
  async function haveOf(place: BlobPlace): Promise<number | undefined> {
    try {
      const held = await blobs.look(tenant, place);
      if (held.kind === 'whole') await onFound(place.digest);
      return held.kind === 'whole' ? undefined : held.kind === 'part' ? held.have : 0;
    } catch (error) {
      search.abandon(self, place);
      throw error;
    }
  }

  function lookForSilence(): void {
    cancelSilence = undefined;
    if (wanted.size === 0) return;
    const leftMs = heardAt + SILENT_AFTER_MS - scheduler.now();
    if (leftMs > 0) {
      cancelSilence = scheduler.after(leftMs, lookForSilence);
      return;
    }
    // What it brings late is taken all the same.
    isSilent = true;
    for (const place of [...wanted.values(), ...takeQueue()]) search.release(self, place);
  }
}

/** A picture that several rows have is one blob. */
function isSame(a: BlobPlace | undefined, b: BlobPlace): boolean {
  return a?.digest === b.digest && a.length === b.length;
}
