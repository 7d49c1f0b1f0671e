/**
 * The version of the wire. Every change of a message raises it; test/version.test.ts holds the bytes of each version and
 * goes red when a message changed and the number did not.
 *
 * 1: connect, pull, push, ping · connected, page, ack, rows, pong, error
 * 2: get, got; `atomic` in push; `connected` without purgedBefore; more codes of refusals and errors
 * 3: auth, authed; `expiresAt` in connected
 * 4: `reconnectSpreadMs` in pong
 * 5: blob-get, blob-put, blob-lacks, blob-want, blob-have, blob-part, blob-here; maxBlobBytes in connected
 * 6: room-open, room-data, room-close, room-opened, room-closed
 * 7: rows that are revoked, in page and rows; stored rows that are, in ack; deflated; `inflates` in connect;
 *    maxMessagesPerSecond, maxBytesPerSecond in connected; errors of no request: rate-exceeded, too-many-connections;
 *    pieces of blobs of up to 256 KiB
 */
export const PROTOCOL_VERSION = 7;

/** The oldest version this side still speaks. */
export const MIN_PROTOCOL_VERSION = 7;
