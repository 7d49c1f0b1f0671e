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

/** A batch that could not be written whole: its documents become what they were. */
export const UNDO_CONTEXT = 'breakwater-undo';

/** What was typed in an open document: its Yjs structs as they are. Pending like a user's write. */
export const LIVE_CONTEXT = 'breakwater-live';

const BATCH_PREFIX = 'breakwater-batch ';

/** A user's writes that belong together; captured like any other. */
export function batchContext(batch: string): string {
  return BATCH_PREFIX + batch;
}

/** The batch that a write belongs to, or undefined. */
export function batchOf(context: string): string | undefined {
  return context.startsWith(BATCH_PREFIX) ? context.slice(BATCH_PREFIX.length) : undefined;
}

const OWN_CONTEXTS = new Set([MERGE_CONTEXT, ACK_CONTEXT, REPLACE_CONTEXT, UNDO_CONTEXT, LIVE_CONTEXT]);

/** Our own contexts: the document is written as it is given. */
export function isOwnContext(context: string): boolean {
  return OWN_CONTEXTS.has(context);
}

/** RxDB's schema migration writes documents that were captured when they were first written. */
export const MIGRATION_CONTEXT = 'replication-master-write';
