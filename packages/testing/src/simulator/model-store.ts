import {
  type BlobPlace,
  type BlobRef,
  type BlobRow,
  type BlobUse,
  type CommittedRow,
  type PageQuery,
  type PageRow,
  type Revocation,
  type RowKey,
  type RowPlace,
  type RowWrite,
  StorageError,
  type Store,
  type StoredRow,
  type StorePage,
  type TombstoneQuery,
} from '@breakwater/server';

import { copyModelRooms, createModelRooms, endLife, type ModelRooms } from './model-rooms.ts';

/** What a model store keeps: the rows of each tenant's collections, in the order of their seqs. */
export interface StoreData {
  readonly places: Map<string, Place>;
  readonly blobsByTenant: Map<string, TenantBlobs>;
  readonly rooms: ModelRooms;
}

/** References of rows, and since when each blob that is there is unused: milliseconds since 1970; undefined: it is used. */
interface TenantBlobs {
  refs: readonly ModelRef[];
  readonly stored: Map<string, number | undefined>;
  hasReferred: boolean;
}

type ModelRef = BlobPlace & Pick<BlobRow, 'replica'>;

interface Place {
  readonly tenant: string;
  head: number;
  purgedBefore: number;
  readonly rowsById: Map<string, ModelRow>;
}

interface ModelRow extends CommittedRow {
  /** Milliseconds since 1970. */
  readonly committedAt: number;
  readonly isShrunk: boolean;
  /** The seqs at which it left labels that it has not got again. */
  readonly leftAt: ReadonlyMap<string, number>;
}

/** Runs a commit some time, and answers when it is durable. The commits of a store run in the order of their asking. */
export type Schedule = <T>(run: () => T) => Promise<T>;

export function createStoreData(): StoreData {
  return { places: new Map(), blobsByTenant: new Map(), rooms: new Map() };
}

export function copyStoreData({ places, blobsByTenant, rooms }: StoreData): StoreData {
  return {
    rooms: copyModelRooms(rooms),
    blobsByTenant: new Map(
      [...blobsByTenant].map(([name, blobs]) => [name, { ...blobs, stored: new Map(blobs.stored) }]),
    ),
    places: new Map([...places].map(([name, place]) => [name, { ...place, rowsById: new Map(place.rowsById) }])),
  };
}

/** Told at the very time. */
export interface StoreEvents {
  readonly onCommitted?: (rows: readonly CommittedRow[]) => void;
  readonly onShrunk?: (row: CommittedRow) => void;
  readonly onPurged?: (row: CommittedRow) => void;
}

/** A store of plain maps. `now` answers milliseconds since 1970. */
export function createModelStore(
  data: StoreData,
  schedule: Schedule,
  now: () => number,
  { onCommitted, onShrunk, onPurged }: StoreEvents = {},
): Store {
  const { places, blobsByTenant, rooms } = data;
  const asked = new Set<Promise<unknown>>();
  let isClosed = false;

  return {
    identity: () => ({ serverId: 'model', epoch: 'first' }),
    commit: (tenant, keys, decide, { maxBytes = Number.POSITIVE_INFINITY, replica = '' } = {}) =>
      run(() => {
        const rows = firstOf(
          keys.map((key) => storedAt(tenant, key)),
          maxBytes,
        );
        const { writes, result } = decide(rows, useOf(blobsOf(tenant)));
        requireAsked(keys.slice(0, rows.length), writes);
        for (const write of writes) refer(blobsOf(tenant), write, replica);
        const written = writes.map((write) => put(tenant, write));
        onCommitted?.(written);
        return { result, rows: written };
      }),
    row: storedAt,
    places: ({ after, maxRows }) =>
      [...places]
        .flatMap(([name, { rowsById }]) => {
          const [tenant, collection] = JSON.parse(name) as [string, string];
          return [...rowsById.values()].flatMap(({ id, deleted }) => (deleted ? [] : [{ tenant, collection, id }]));
        })
        .sort(compareRows)
        .filter((place) => after === undefined || compareRows(place, after) > 0)
        .slice(0, maxRows),
    shrinkTombstones: (query, shrink) =>
      run(() => {
        const found = findTombstones(places, query).filter(({ row }) => !row.isShrunk);
        const taken = take(found, query);
        const states = taken.map(({ row }) => shrink(row.state));
        taken.forEach(({ place, row }, i) => {
          const shrunk = { ...row, doc: '{}', state: states[i] ?? row.state, isShrunk: true };
          place.rowsById.set(row.id, shrunk);
          onShrunk?.(shrunk);
        });
        return taken.length;
      }),
    purgeTombstones: (query) =>
      run(() => {
        const taken = take(findTombstones(places, query), query);
        for (const { place, row } of taken) {
          place.rowsById.delete(row.id);
          endLife(rooms, place.tenant, row);
          place.purgedBefore = Math.max(place.purgedBefore, row.seq);
          onPurged?.(row);
        }
        return taken.length;
      }),
    purgedBefore: (tenant, collection) => placeOf(tenant, collection).purgedBefore,
    rooms: createModelRooms(rooms, run),
    page: (tenant, collection, query) => pageOf(placeOf(tenant, collection), query),
    head: (tenant, collection) => placeOf(tenant, collection).head,
    blobs: {
      ofRow: (tenant, key, digest) =>
        refsOf(blobsOf(tenant), key)
          .filter((ref) => digest === undefined || ref.digest === digest)
          .map(withLabels(tenant)),
      rowsWith: (tenant, digest, maxRows) =>
        blobsOf(tenant)
          .refs.filter((ref) => ref.digest === digest)
          .slice(0, maxRows)
          .map(withLabels(tenant)),
      isReferenced: (tenant, blob) => blobsOf(tenant).refs.some((ref) => isSameBlob(ref, blob)),
      missing: (tenant, replica, { after, maxRefs }) =>
        blobsOf(tenant)
          .refs.filter((ref) => ref.replica === replica && !blobsOf(tenant).stored.has(ref.digest))
          .sort(comparePlaces)
          .filter((place) => after === undefined || comparePlaces(place, after) > 0)
          .slice(0, maxRefs)
          .map(withLabels(tenant)),
      isStored: (tenant, digest) => blobsOf(tenant).stored.has(digest),
      setStored: (tenant, digest) =>
        run(() => {
          const { refs, stored } = blobsOf(tenant);
          if (stored.has(digest)) return;
          stored.set(digest, refs.some((ref) => ref.digest === digest) ? undefined : now());
        }),
      setGone: (tenant, digest) => run(() => void blobsOf(tenant).stored.delete(digest)),
      dropUnused: (tenant, digest, unusedBefore) =>
        run(() => {
          const { stored } = blobsOf(tenant);
          return (stored.get(digest) ?? Number.POSITIVE_INFINITY) < unusedBefore && stored.delete(digest);
        }),
      tenants: () => [...blobsByTenant].filter(([, { hasReferred }]) => hasReferred).map(([tenant]) => tenant),
    },
    async close() {
      isClosed = true;
      await Promise.all(asked);
    },
  };

  function run<T>(job: () => T): Promise<T> {
    if (isClosed) return Promise.reject(new StorageError('the store is closed'));
    const settled = schedule(job);
    const over: Promise<unknown> = settled.catch(() => {}).finally(() => asked.delete(over));
    asked.add(over);
    return settled;
  }

  function placeOf(tenant: string, collection: string): Place {
    const name = JSON.stringify([tenant, collection]);
    const place = places.get(name) ?? { tenant, head: 0, purgedBefore: 0, rowsById: new Map() };
    places.set(name, place);
    return place;
  }

  function blobsOf(tenant: string): TenantBlobs {
    const blobs = blobsByTenant.get(tenant) ?? { refs: [], stored: new Map(), hasReferred: false };
    blobsByTenant.set(tenant, blobs);
    return blobs;
  }

  function withLabels(tenant: string): (ref: ModelRef) => BlobRow {
    return (ref) => ({ ...ref, labels: storedAt(tenant, ref)?.labels ?? [] });
  }

  /** The row refers to what its write says. */
  function refer(blobs: TenantBlobs, { blobs: given, deleted, ...key }: RowWrite, replica: string): void {
    const next = deleted ? [] : given;
    if (next === undefined) return;
    const before = refsOf(blobs, key);
    const kept = before.filter((ref) => next.some((blob) => isSameBlob(ref, blob)));
    const { collection, id } = key;
    const added = next
      .filter((blob) => !before.some((ref) => isSameBlob(ref, blob)))
      .map(({ digest, length }) => ({ collection, id, digest, length, replica }));
    if (added.length > 0) blobs.hasReferred = true;
    blobs.refs = [...blobs.refs.filter((ref) => !before.includes(ref)), ...kept, ...added];
    for (const [digest, unusedSince] of blobs.stored) {
      const isUsed = blobs.refs.some((ref) => ref.digest === digest);
      blobs.stored.set(digest, isUsed ? undefined : (unusedSince ?? now()));
    }
  }

  function storedAt(tenant: string, { collection, id }: RowKey): StoredRow | undefined {
    const row = placeOf(tenant, collection).rowsById.get(id);
    return row && { seq: row.seq, deleted: row.deleted, state: row.state, labels: row.labels };
  }

  function put(tenant: string, write: RowWrite): CommittedRow {
    const place = placeOf(tenant, write.collection);
    place.head += 1;
    const previous = place.rowsById.get(write.id);
    const left = previous?.labels.filter((label) => !write.labels.includes(label)) ?? [];
    const leftAt = new Map([...(previous?.leftAt ?? []), ...left.map((label) => [label, place.head] as const)]);
    for (const label of write.labels) leftAt.delete(label);
    const moved = left.length === 0 ? {} : { left };
    const row = { ...write, ...moved, seq: place.head, committedAt: now(), isShrunk: false, leftAt };
    // A map lists its keys in the order in which they were set: so the rows stay in the order of seq.
    place.rowsById.delete(write.id);
    place.rowsById.set(write.id, row);
    return row;
  }
}

function refsOf({ refs }: TenantBlobs, { collection, id }: RowKey): ModelRef[] {
  return refs.filter((ref) => ref.collection === collection && ref.id === id);
}

function isSameBlob(a: BlobRef, b: BlobRef): boolean {
  return a.digest === b.digest && a.length === b.length;
}

function useOf({ refs }: TenantBlobs): BlobUse {
  return {
    bytes: () =>
      [...new Map(refs.map(({ digest, length }) => [`${digest} ${length}`, length])).values()].reduce(sum, 0),
    rowsWith: (blob) => refs.filter((ref) => isSameBlob(ref, blob)).length,
  };
}

function sum(a: number, b: number): number {
  return a + b;
}

function comparePlaces(a: BlobPlace, b: BlobPlace): number {
  return (
    compare(a.collection, b.collection) || compare(a.id, b.id) || compare(a.digest, b.digest) || a.length - b.length
  );
}

function compareRows(a: RowPlace, b: RowPlace): number {
  return compare(a.tenant, b.tenant) || compare(a.collection, b.collection) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

interface Found {
  readonly place: Place;
  readonly row: ModelRow;
}

function findTombstones(places: ReadonlyMap<string, Place>, { committedBefore }: TombstoneQuery): Found[] {
  return [...places.values()]
    .flatMap((place) => [...place.rowsById.values()].map((row) => ({ place, row })))
    .filter(({ row }) => row.deleted && row.committedAt < committedBefore);
}

function take(found: readonly Found[], { maxRows, maxBytes }: TombstoneQuery): Found[] {
  const fitting = firstOf(
    found.map(({ row }) => row),
    maxBytes,
  );
  return found.slice(0, Math.min(maxRows, fitting.length));
}

/** As many as have so many bytes together, at least one. */
function firstOf<R extends { readonly state: Uint8Array } | undefined>(rows: readonly R[], maxBytes: number): R[] {
  let bytes = 0;
  const end = rows.findIndex((row, i) => {
    bytes += row?.state.length ?? 0;
    return bytes > maxBytes && i > 0;
  });
  return rows.slice(0, end < 0 ? rows.length : end);
}

/** Looked at before anything is written: all or nothing. */
function requireAsked(keys: readonly RowKey[], writes: readonly RowWrite[]): void {
  const unwritten = new Set(keys.map(({ collection, id }) => JSON.stringify([collection, id])));
  for (const { collection, id } of writes) {
    if (!unwritten.delete(JSON.stringify([collection, id]))) {
      throw new Error(`a commit writes '${id}' of ${collection} twice, or did not ask for it`);
    }
  }
}

function pageOf(place: Place, query: PageQuery): StorePage {
  const page = cutPage(place, query);
  const revoked = query.after === 0 ? [] : revokedIn(place, query, page.checkpoint);
  return revoked.length === 0 ? page : { ...page, revoked };
}

function cutPage({ head, rowsById }: Place, { after, labels, maxRows, maxBytes }: PageQuery): StorePage {
  const rows: PageRow[] = [];
  let bytes = 0;
  let checkpoint = after;
  for (const { id, seq, deleted, state, labels: rowLabels } of rowsById.values()) {
    if (seq <= after) continue;
    if (isAmong(rowLabels, labels)) {
      bytes += state.length + id.length;
      const isFull = rows.length > 0 && (rows.length >= maxRows || bytes > maxBytes);
      if (isFull) return { rows, checkpoint, last: false };
      rows.push({ id, seq, deleted, state });
    }
    checkpoint = seq;
  }
  return { rows, checkpoint: Math.max(after, head), last: true };
}

function revokedIn({ rowsById }: Place, { after, labels }: PageQuery, checkpoint: number): Revocation[] {
  return [...rowsById.values()].flatMap(({ id, labels: rowLabels, leftAt }) => {
    if (isAmong(rowLabels, labels)) return [];
    const seqs = labels.map((label) => leftAt.get(label) ?? 0).filter((seq) => seq > after && seq <= checkpoint);
    return seqs.length === 0 ? [] : [{ id, seq: Math.max(...seqs) }];
  });
}

function isAmong(rowLabels: readonly string[], labels: readonly string[]): boolean {
  return rowLabels.some((label) => labels.includes(label));
}
