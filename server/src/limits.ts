import { type Limits, RATE_BURST_S } from '@breakwater/protocol';
import { ServerOptionsError } from './server-options-error.ts';

export type { Limits };

export const DEFAULT_LIMITS: Limits = {
  /** Bytes of one encoded row. Leaves room for its frame in a message. */
  maxRowBytes: 768 * 1024,
  /** Bytes of one message. Bounds what a session makes the server hold before anything is checked. */
  maxMessageBytes: 1024 * 1024,
  /** Rows. Bounds the time of one transaction. */
  maxPushRows: 1_000,
  /** Bytes of one attachment. */
  maxBlobBytes: 100 * 1024 * 1024,
  /** Of one session: what merging small rows takes of one core of a small machine. */
  maxMessagesPerSecond: 1_000,
  /** Of one session: a line of 134 Mbit/s, all of it. */
  maxBytesPerSecond: 16 * 1024 * 1024,
};

/** @throws ServerOptionsError when a limit is no whole number, or leaves no room for another one. */
export function completeLimits(chosen: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...chosen };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'maxBlobBytes' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least)
      throw new ServerOptionsError(`limits.${name} is ${value}; it is a whole number from ${least}`);
  }
  const { maxMessageBytes, maxBytesPerSecond } = limits;
  if (maxBytesPerSecond * (RATE_BURST_S / 2) < maxMessageBytes) {
    throw new ServerOptionsError(
      `limits.maxBytesPerSecond is ${maxBytesPerSecond}, too little for a message of limits.maxMessageBytes ` +
        `(${maxMessageBytes}); make it at least ${Math.ceil(maxMessageBytes / (RATE_BURST_S / 2))}`,
    );
  }
  return limits;
}

/** Bytes of a row's id, and of a collection's name: both are parts of keys. */
export const MAX_NAME_BYTES = 1_024;

/** Rows of one page or message of news, whatever the client asks for. */
export const MAX_PAGE_ROWS = 1_000;

/** Bytes of one page or message of news: small enough that other messages get in between. */
export const MAX_PAGE_BYTES = 256 * 1024;

/**
 * Bytes of stored rows that one push is merged with. A thousand small edits of the largest rows would otherwise take
 * three gigabytes of memory and half a minute, in which nobody else is answered.
 */
export const MAX_COMMIT_BYTES = 32 * 1024 * 1024;

/** Labels of one row. Bounds what a page has to look at to tell of those that rows have left. */
export const MAX_ROW_LABELS = 1_000;

/** Collections that one session follows. Bounds what a session makes the server remember. */
export const MAX_STREAMS = 1_000;

/**
 * How far a stamp may be ahead of the server's time, in milliseconds. A write from the future wins over every later one
 * until that time has come.
 */
export const MAX_CLOCK_AHEAD_MS = 5 * 60_000;

/** Bytes of one piece of a blob: small enough that rows get in between, which take about a millisecond to do so. */
export const MAX_BLOB_PIECE_BYTES = 256 * 1024;
