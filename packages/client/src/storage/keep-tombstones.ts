import type { Instance } from './instance.ts';

/** A time that no tombstone is old enough for, in milliseconds. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/**
 * RxDB's cleanup purges tombstones, and whoever inserts a purged id again does not know that there is something to replace.
 * The server and the other devices do: to them the insert is an edit of a deleted document, which stays deleted. So
 * tombstones stay; whatever else a storage cleans up, it does.
 */
export function keepTombstones(instance: Instance): void {
  const cleanup = instance.cleanup.bind(instance);
  instance.cleanup = () => cleanup(NEVER_MS);
}
