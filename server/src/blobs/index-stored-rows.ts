import type { DatabaseSync } from 'node:sqlite';
import { decodeStored, MalformedError } from '@breakwater/crdt';
import type { BlobRef } from '../store.ts';
import { blobsOf } from './read-attachments.ts';

type SqlRow = {
  readonly tenant: string;
  readonly collection: string;
  readonly id: string;
  readonly state: Uint8Array;
};

/** References of rows that were stored before there were any. Nobody knows who wrote them. */
export function indexStoredRows(database: DatabaseSync): void {
  const rows = database.prepare(`
    SELECT tenant, collection, id, state FROM rows
    WHERE deleted = 0 AND instr(state, CAST('_attachments.' AS BLOB)) > 0
  `);
  const add = database.prepare(`
    INSERT INTO blob_refs (tenant, collection, id, digest, length, replica, missing) VALUES (?, ?, ?, ?, ?, '', 1)
  `);
  for (const { tenant, collection, id, state } of rows.iterate() as Iterable<SqlRow>) {
    for (const { digest, length } of readBlobs(state)) {
      add.run(tenant, collection, id, digest, length);
    }
  }
  database.exec(`
    INSERT INTO blob_totals (tenant, bytes)
    SELECT tenant, sum(length) FROM (SELECT DISTINCT tenant, digest, length FROM blob_refs) GROUP BY tenant
  `);
}

/** A state that does not decode refers to nothing, and does not keep the server from starting. */
function readBlobs(state: Uint8Array): readonly BlobRef[] {
  try {
    return blobsOf(decodeStored(state));
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}
