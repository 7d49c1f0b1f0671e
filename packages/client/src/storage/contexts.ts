/*
 * The context of a bulk write decides what the storage wrapper does with it. These are ours; every other one is a
 * user's write and is captured.
 */

/** A row as merged with news from the server. */
export const MERGE_CONTEXT = 'breakwater-merge';

/** Only the meta changes, `_rev` and `lwt` stay: hidden from the change stream, so that no query wakes up. */
export const ACK_CONTEXT = 'breakwater-ack';

/** RxDB's schema migration writes documents that were captured when they were first written. */
export const MIGRATION_CONTEXT = 'replication-master-write';
