/*
 * The context of a bulk write decides what the storage wrapper does with it. These are ours; every other one is a
 * user's write and is captured.
 */

/** A row as merged with news from the server. */
export const MERGE_CONTEXT = 'breakwater-merge';

/** Only the meta changes, `_rev` and `lwt` stay: hidden from the change stream, so that no query wakes up. */
export const ACK_CONTEXT = 'breakwater-ack';

/** A row that goes back to what the server holds. */
export const REPLACE_CONTEXT = 'breakwater-replace';

/** Our own contexts: the document is written as it is given. */
export function isOwnContext(context: string): boolean {
  return context === MERGE_CONTEXT || context === ACK_CONTEXT || context === REPLACE_CONTEXT;
}

/** RxDB's schema migration writes documents that were captured when they were first written. */
export const MIGRATION_CONTEXT = 'replication-master-write';
