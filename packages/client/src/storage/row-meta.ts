import { type Json, NO_STAMP, type Path, type Stamp, sorted } from '@breakwater/crdt';
import type { PlainJsonValue, RxDocumentData } from 'rxdb';

/** A stamp, then the paths written with it. */
export type StampGroup = readonly [Stamp, ...Path[]];

/** What merging needs to know of a document beyond its values. Lives in RxDB's `_meta` under {@link META_KEY}, as JSON. */
export interface RowMeta {
  /** Every register that differs from the generation. All sorted. */
  readonly stamps: readonly StampGroup[];
  readonly generation?: Stamp;
  /** Paths changed here and not yet acknowledged; GENERATION among them: the whole row. */
  readonly pending?: readonly Path[];
  /** The server's commit number that this row was last seen with. */
  readonly seq?: number;
  /** Values of registers that this version of the app has no place for. */
  readonly unknown?: readonly (readonly [Path, Json])[];
  /** The Yjs state of the rich fields, in base64. */
  readonly rich?: string;
  /** How often the row went back to what the server holds. Each time its Yjs structs need another client id. */
  readonly replaced?: number;
  /** The batches that brought about what is pending; none when nothing is. */
  readonly batches?: readonly string[];
  /** Of a row that may not be read here any more: the commit number up to which nothing of it may come back. */
  readonly revokedAt?: number;
}

const META_KEY = 'breakwater';

/** A document as a storage holds it, whatever its fields. */
export type StoredDocument = RxDocumentData<{ [field: string]: unknown }>;

export function rowMetaOf(document: StoredDocument): RowMeta | undefined {
  const meta: { [key: string]: unknown } = document._meta;
  return meta[META_KEY] as RowMeta | undefined;
}

/** Gives the document a `_meta` of its own: RxDB shares one between the rows of a bulk insert. */
export function setRowMeta(document: StoredDocument, rowMeta: RowMeta, lwt: number): void {
  document._meta = { ...document._meta, ...metaEntry(rowMeta), lwt };
}

/** As an entry of `_meta`. RxDB types its values as mutable JSON, which readonly arrays are not. */
export function metaEntry(rowMeta: RowMeta): { [key: string]: PlainJsonValue } {
  return { [META_KEY]: rowMeta as unknown as PlainJsonValue };
}

/** The parts of a row's meta while it is being changed. */
export interface MutableRowMeta {
  stamps: Map<Path, Stamp>;
  generation: Stamp;
  pending: Set<Path>;
  seq: number | undefined;
  unknown: Map<Path, Json>;
  /** In base64: most writes only carry it along. */
  rich: string | undefined;
  replaced: number;
  batches: Set<string>;
}

export function emptyRowMeta(generation: Stamp = NO_STAMP): MutableRowMeta {
  return {
    stamps: new Map(),
    generation,
    pending: new Set(),
    seq: undefined,
    unknown: new Map(),
    rich: undefined,
    replaced: 0,
    batches: new Set(),
  };
}

/** Is there no document, neither here nor on the server? Then the stored one is a tombstone that nobody ever hears of. */
export function isVoid({
  stamps,
  generation,
  rich,
}: {
  readonly stamps: ReadonlyMap<Path, unknown>;
  readonly generation: Stamp;
  readonly rich: unknown;
}): boolean {
  return stamps.size === 0 && generation === NO_STAMP && rich === undefined;
}

/** Is it a row, and not the trace of a document that is neither here nor on the server? */
export function isRow(document: StoredDocument): boolean {
  const meta = rowMetaOf(document);
  return meta === undefined || meta.stamps.length > 0 || meta.generation !== undefined || meta.rich !== undefined;
}

export function unpackRowMeta(meta: RowMeta): MutableRowMeta {
  const stamps = new Map<Path, Stamp>();
  for (const group of meta.stamps) {
    const stamp = group[0];
    for (let i = 1; i < group.length; i++) stamps.set(group[i] as Path, stamp);
  }
  return {
    stamps,
    generation: meta.generation ?? NO_STAMP,
    pending: new Set(meta.pending),
    seq: meta.seq,
    unknown: new Map(meta.unknown),
    rich: meta.rich,
    replaced: meta.replaced ?? 0,
    batches: new Set(meta.batches),
  };
}

/** What a row's meta is packed from. */
export interface PackableMeta {
  readonly stamps: Stamps;
  readonly generation: Stamp;
  readonly pending: ReadonlySet<Path>;
  readonly seq: number | undefined;
  readonly unknown: ReadonlyMap<Path, Json>;
  readonly rich: string | undefined;
  readonly replaced: number;
  readonly batches: ReadonlySet<string>;
}

export interface Stamps {
  keys(): Iterable<Path>;
  get(path: Path): Stamp | undefined;
}

/** Canonical: the same content gives the same JSON. */
export function packRowMeta(meta: PackableMeta): RowMeta {
  const packed: { -readonly [K in keyof RowMeta]: RowMeta[K] } = { stamps: groupByStamp(meta.stamps) };
  if (meta.generation !== NO_STAMP) packed.generation = meta.generation;
  if (meta.pending.size > 0) packed.pending = [...meta.pending].sort();
  if (meta.seq !== undefined) packed.seq = meta.seq;
  if (meta.unknown.size > 0) packed.unknown = [...meta.unknown].sort(byPath);
  if (meta.rich !== undefined) packed.rich = meta.rich;
  if (meta.replaced > 0) packed.replaced = meta.replaced;
  if (meta.batches.size > 0 && meta.pending.size > 0) packed.batches = [...meta.batches].sort();
  return packed;
}

function groupByStamp(stamps: Stamps): StampGroup[] {
  const paths = sorted([...stamps.keys()]);
  const [first] = paths;
  if (first === undefined) return [];
  const stamp = stamps.get(first) as Stamp;
  // Most rows that are new here were written at once.
  if (areAll(paths, stamp, stamps)) return [stampGroup(stamp, paths)];
  const groups = Map.groupBy(paths, (path) => stamps.get(path) as Stamp);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([each, itsPaths]) => stampGroup(each, itsPaths));
}

function areAll(paths: readonly Path[], stamp: Stamp, stamps: Stamps): boolean {
  // By number, as what runs for each path of each row: `for of` makes an object for each step until V8 has compiled it.
  for (let i = 0; i < paths.length; i++) if (stamps.get(paths[i] as Path) !== stamp) return false;
  return true;
}

/** Not by spreading, for the same reason. */
export function stampGroup(stamp: Stamp, paths: readonly Path[]): StampGroup {
  return ([stamp] as (Stamp | Path)[]).concat(paths) as [Stamp, ...Path[]];
}

function byPath([a]: readonly [Path, Json], [b]: readonly [Path, Json]): number {
  return a < b ? -1 : 1;
}

/** The newest stamp that the meta names. */
export function newestIn(meta: MutableRowMeta): Stamp {
  let newest = meta.generation;
  for (const stamp of meta.stamps.values()) if (stamp > newest) newest = stamp;
  return newest;
}
