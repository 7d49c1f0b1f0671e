/**
 * The version of the wire. Every change of a message raises it; test/version.test.ts holds the bytes of each version and
 * goes red when a message changed and the number did not.
 *
 * 1: connect, pull, push, ping · connected, page, ack, rows, pong, error
 */
export const PROTOCOL_VERSION = 1;

/** The oldest version this side still speaks. */
export const MIN_PROTOCOL_VERSION = 1;
