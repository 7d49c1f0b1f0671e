import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError } from './cli-error.ts';
import type { PurgeOptions } from './cli-options.ts';
import { DATABASE_FILE, openSqliteStore } from './sqlite-store.ts';
import { DAY_MS, purgeTombstones } from './tombstones.ts';

/**
 * Drops the old tombstones of a data directory that no server uses, and says how many.
 *
 * @throws CliError, DataDirectoryLockedError, DataDirectoryError
 */
export async function purge({ dataDir, olderThanDays }: PurgeOptions): Promise<void> {
  const path = resolve(dataDir);
  // Opening would make it: whoever mistyped the path would be told that there was nothing to drop.
  if (!existsSync(join(path, DATABASE_FILE))) {
    throw new CliError(`There is no data in ${path}. Set BREAKWATER_DATA to the directory of the server.`);
  }
  const store = openSqliteStore(path);
  try {
    const count = await purgeTombstones(store, olderThanDays * DAY_MS, Date.now());
    console.log(`Tombstones older than ${olderThanDays} days dropped from ${path}: ${count}`);
  } finally {
    await store.close();
  }
}
