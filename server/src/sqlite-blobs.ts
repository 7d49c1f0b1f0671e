import type { DatabaseSync } from 'node:sqlite';
import type { BlobIndex, BlobRef, BlobRow, BlobUse, RowKey } from './store.ts';

/** What is not said to read must run inside a transaction. */
export interface SqliteBlobs
  extends Pick<BlobIndex, 'ofRow' | 'rowsWith' | 'isReferenced' | 'missing' | 'isStored' | 'tenants'> {
  /** Reads. */
  useOf(tenant: string): BlobUse;
  /** The row refers to these from now on. */
  replace(tenant: string, key: RowKey, blobs: readonly BlobRef[], replica: string): void;
  setStored(tenant: string, digest: string): void;
  setGone(tenant: string, digest: string): void;
  dropUnused(tenant: string, digest: string, unusedBefore: number): boolean;
}

type SqlRef = Omit<BlobRow, 'labels'> & { readonly labels: string };

/** SQLite would rather look through all references of the tenant. */
const BY_DIGEST = 'INDEXED BY blob_refs_by_digest';

/** More rows than one push has. Bounds the time of counting those that share one picture. */
const MAX_ROWS_COUNTED = 2_000;

/** `now` answers milliseconds since 1970. */
export function openBlobs(database: DatabaseSync, now: () => number): SqliteBlobs {
  const selectRefs = 'SELECT collection, id, digest, length FROM blob_refs';
  const selectRows = (index = '') => `
    SELECT collection, id, digest, length, replica, labels
    FROM blob_refs ${index} JOIN rows USING (tenant, collection, id)
  `;
  const selectRefsOfRow = database.prepare(`${selectRefs} WHERE tenant = ? AND collection = ? AND id = ?`);
  const selectOfRow = database.prepare(
    `${selectRows()} WHERE tenant = ? AND collection = ? AND id = ? ORDER BY digest, length`,
  );
  const selectOfRowByDigest = database.prepare(
    `${selectRows()} WHERE tenant = ? AND collection = ? AND id = ? AND digest = ? ORDER BY length`,
  );
  const selectByDigest = database.prepare(`${selectRows(BY_DIGEST)} WHERE tenant = ? AND digest = ? LIMIT ?`);
  const countRows = database.prepare(`
    SELECT count(*) AS rows
    FROM (SELECT 1 FROM blob_refs WHERE tenant = ? AND digest = ? AND length = ? LIMIT ${MAX_ROWS_COUNTED})
  `);
  const selectBlob = database.prepare('SELECT 1 FROM blob_refs WHERE tenant = ? AND digest = ? AND length = ? LIMIT 1');
  const selectAny = database.prepare('SELECT 1 FROM blob_refs WHERE tenant = ? AND digest = ? LIMIT 1');
  const selectMissing = database.prepare(`
    ${selectRows()} WHERE missing = 1 AND tenant = ? AND replica = ? AND (collection, id, digest, length) > (?, ?, ?, ?)
    ORDER BY collection, id, digest, length LIMIT ?
  `);
  const selectStored = database.prepare('SELECT 1 FROM blobs WHERE tenant = ? AND digest = ?');
  const selectTotal = database.prepare('SELECT bytes FROM blob_totals WHERE tenant = ?');
  const selectTenants = database.prepare('SELECT tenant FROM blob_totals');
  const addRef = database.prepare(`
    INSERT INTO blob_refs (tenant, collection, id, digest, length, replica, missing) VALUES (?, ?, ?, ?, ?, ?, ?)
  `);
  const removeRef = database.prepare(
    'DELETE FROM blob_refs WHERE tenant = ? AND collection = ? AND id = ? AND digest = ? AND length = ?',
  );
  const setMissing = database.prepare(`UPDATE blob_refs ${BY_DIGEST} SET missing = ? WHERE tenant = ? AND digest = ?`);
  const addTotal = database.prepare(`
    INSERT INTO blob_totals (tenant, bytes) VALUES (?, ?)
    ON CONFLICT (tenant) DO UPDATE SET bytes = bytes + excluded.bytes
  `);
  const putBlob = database.prepare(`
    INSERT INTO blobs (tenant, digest, unused_since) VALUES (?, ?, ?) ON CONFLICT (tenant, digest) DO NOTHING
  `);
  const setUnused = database.prepare('UPDATE blobs SET unused_since = ? WHERE tenant = ? AND digest = ?');
  const removeBlob = database.prepare('DELETE FROM blobs WHERE tenant = ? AND digest = ?');
  const removeUnused = database.prepare('DELETE FROM blobs WHERE tenant = ? AND digest = ? AND unused_since < ?');

  return {
    ofRow(tenant, { collection, id }, digest) {
      if (digest === undefined) return toRows(selectOfRow.all(tenant, collection, id));
      return toRows(selectOfRowByDigest.all(tenant, collection, id, digest));
    },
    rowsWith: (tenant, digest, maxRows) => toRows(selectByDigest.all(tenant, digest, maxRows)),
    missing(tenant, replica, { after, maxRefs }) {
      // Nothing comes before the empty text.
      const { collection, id, digest, length } = after ?? { collection: '', id: '', digest: '', length: -1 };
      return toRows(selectMissing.all(tenant, replica, collection, id, digest, length, maxRefs));
    },
    isStored: (tenant, digest) => selectStored.get(tenant, digest) !== undefined,
    tenants: () => selectTenants.all().map(({ tenant }) => String(tenant)),
    useOf: (tenant) => ({
      bytes: () => Number(selectTotal.get(tenant)?.bytes ?? 0),
      rowsWith: ({ digest, length }) => Number(countRows.get(tenant, digest, length)?.rows),
    }),
    isReferenced: hasRow,
    replace(tenant, key, blobs, replica) {
      const before = selectRefsOfRow.all(tenant, key.collection, key.id) as unknown as BlobRef[];
      for (const blob of before) if (!holds(blobs, blob)) remove(tenant, key, blob);
      for (const blob of blobs) if (!holds(before, blob)) add(tenant, key, blob, replica);
    },
    setStored(tenant, digest) {
      putBlob.run(tenant, digest, hasAnyRow(tenant, digest) ? null : Math.trunc(now()));
      setMissing.run(0, tenant, digest);
    },
    setGone(tenant, digest) {
      removeBlob.run(tenant, digest);
      setMissing.run(1, tenant, digest);
    },
    dropUnused: (tenant, digest, before) => removeUnused.run(tenant, digest, Math.trunc(before)).changes > 0,
  };

  function hasRow(tenant: string, { digest, length }: BlobRef): boolean {
    return selectBlob.get(tenant, digest, length) !== undefined;
  }

  function hasAnyRow(tenant: string, digest: string): boolean {
    return selectAny.get(tenant, digest) !== undefined;
  }

  function add(tenant: string, { collection, id }: RowKey, blob: BlobRef, replica: string): void {
    const { digest, length } = blob;
    const isStored = selectStored.get(tenant, digest) !== undefined;
    addTotal.run(tenant, hasRow(tenant, blob) ? 0 : length);
    addRef.run(tenant, collection, id, digest, length, replica, isStored ? 0 : 1);
    if (isStored) setUnused.run(null, tenant, digest);
  }

  function remove(tenant: string, { collection, id }: RowKey, blob: BlobRef): void {
    const { digest, length } = blob;
    removeRef.run(tenant, collection, id, digest, length);
    if (!hasRow(tenant, blob)) addTotal.run(tenant, -length);
    if (!hasAnyRow(tenant, digest)) setUnused.run(Math.trunc(now()), tenant, digest);
  }
}

function toRows(found: readonly unknown[]): BlobRow[] {
  return (found as readonly SqlRef[]).map(({ labels, ...ref }) => ({ ...ref, labels: JSON.parse(labels) as string[] }));
}

function holds(blobs: readonly BlobRef[], { digest, length }: BlobRef): boolean {
  return blobs.some((blob) => blob.digest === digest && blob.length === length);
}
