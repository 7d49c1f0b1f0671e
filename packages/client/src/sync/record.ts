import { INTERNAL_CONTEXT_COLLECTION, type RxCollection, type RxDatabase } from 'rxdb';
import type { Halt } from '../connection/machine.ts';
import { findInternal, writeInternal } from './internal-store.ts';
import type { SweepCause } from './sweep.ts';

/** What replication remembers of a database, kept in RxDB's internal store beside the collections' descriptions. */
export interface DatabaseRecord {
  /** Names this database towards the server; random, for ever. */
  readonly replica: string;
  /** The server, tenant and user that this database belongs to since it first connected. */
  readonly serverId?: string;
  readonly tenant?: string;
  readonly user?: string;
  /** Milliseconds to add to the device's time, as the server last said. */
  readonly clockOffsetMs: number;
  /** The breaker is open; null: it was closed again. */
  readonly halt?: Halt | null;
  /** When everything was last in step, in milliseconds since 1970. */
  readonly lastSyncedAt?: number;
}

export interface CollectionRecord {
  /** The life of the server's store that `checkpoint` and `resend` belong to; empty: none was met yet. */
  readonly epoch: string;
  /** The latest time stamped here: a clock that was set back must not stamp before it. */
  readonly clockMs: number;
  /** Every row up to this seq was merged into the storage. */
  readonly checkpoint: number;
  /** Rows last written at or before this lwt have nothing pending. */
  readonly cleanLwt: number;
  /** Was everything that the server had ever here? */
  readonly isPulled: boolean;
  /** The server lost rows (another epoch): every row is still to be pushed as a whole. */
  readonly resend: boolean;
  /**
   * Rows that the server has no more may still be here: after a pull from 0, those that it did not bring are removed.
   * Nothing is pushed before, or a row that was deleted elsewhere would come back. False: there are none.
   */
  readonly sweep: SweepCause | false;
  /** What the session could read that `checkpoint` was reached in; empty: nobody knows. */
  readonly labels: string;
  /** Revision of RxDB's description of the collection: a collection that was removed and made again starts from 0. */
  readonly collectionRev: string;
}

/** One record, held in memory and written through in order. */
export interface RecordKeeper<T> {
  readonly value: T;
  /** Changes the value at once; resolves when it is stored. */
  set(change: Partial<T>): Promise<void>;
}

const KEY = 'breakwater';

export async function openDatabaseRecord(
  database: RxDatabase,
  newReplica: () => string,
): Promise<RecordKeeper<DatabaseRecord>> {
  const stored = (await findInternal(database, KEY))?.data;
  if (stored !== undefined) return keep<DatabaseRecord>(database, KEY, stored);
  // Stored before it is used: all tabs must go by one name.
  const value = await writeInternal<DatabaseRecord>(
    database,
    KEY,
    (other) => other ?? { replica: newReplica(), clockOffsetMs: 0 },
  );
  return keep(database, KEY, value);
}

export async function openCollectionRecord(collection: RxCollection): Promise<RecordKeeper<CollectionRecord>> {
  const { database, name, schema } = collection;
  const key = `${KEY}-${name}`;
  const description = await findInternal(database, `${name}-${schema.version}`, INTERNAL_CONTEXT_COLLECTION);
  const collectionRev = description?._rev ?? '';
  const stored: StoredRecord = (await findInternal(database, key))?.data ?? {};
  const unknown = {
    epoch: '',
    checkpoint: 0,
    cleanLwt: 0,
    isPulled: false,
    resend: false,
    sweep: false as const,
    labels: '',
    clockMs: 0,
    collectionRev,
  };
  if (stored.collectionRev === collectionRev)
    return keep(database, key, { ...unknown, ...stored, sweep: causeOf(stored) });
  // A new version of the schema, or a collection made anew: what was pulled may not be here. What is owed still is.
  const { epoch = '', resend = false, clockMs = 0, checkpoint = 0 } = stored;
  const cause = causeOf(stored);
  const sweep = cause === false && checkpoint > 0 && !resend ? 'purged' : cause;
  return keep(database, key, { ...unknown, epoch, resend, sweep, clockMs });
}

/** Earlier versions had one cause, and said that it is so. */
type StoredRecord = Partial<Omit<CollectionRecord, 'sweep'>> & { readonly sweep?: CollectionRecord['sweep'] | true };

function causeOf({ sweep = false }: StoredRecord): CollectionRecord['sweep'] {
  return sweep === true ? 'purged' : sweep;
}

function keep<T extends object>(database: RxDatabase, key: string, initial: T): RecordKeeper<T> {
  let value = initial;
  let writing: Promise<unknown> = Promise.resolve();
  return {
    get value() {
      return value;
    },
    set(change) {
      value = { ...value, ...change };
      // Only the change: another tab may have changed the rest. In order, also after a write that failed.
      const stored = writing
        .catch(() => {})
        .then(() => writeInternal<T>(database, key, (other) => ({ ...value, ...other, ...change })));
      writing = stored;
      return stored.then(() => {});
    },
  };
}
