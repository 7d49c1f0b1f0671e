import { existsSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BLOBS_FOLDER } from './blobs/blob-options.ts';
import { CliError } from './cli-error.ts';
import type { FileOptions } from './cli-options.ts';
import { requireSound } from './database-file.ts';
import { DATABASE_FILE } from './sqlite-store.ts';
import { syncDirectory, syncFile } from './sync-file.ts';

/**
 * Copies the database as it is at one moment into a new file, while the server runs or not, and says so once the copy is
 * on the disk and was read through.
 *
 * @throws CliError
 */
export async function backup({ dataDir, file }: FileOptions): Promise<void> {
  const source = join(resolve(dataDir), DATABASE_FILE);
  const target = resolve(file);
  if (!existsSync(source)) {
    throw new CliError(`There is no data in ${resolve(dataDir)}. Set BREAKWATER_DATA to the directory of the server.`);
  }
  if (existsSync(target)) throw new CliError(`${target} is there already. Choose a file that is not, or remove it.`);
  // Whoever finds a file of the asked name finds all of it.
  const part = `${target}.part`;
  try {
    rmSync(part, { force: true });
    copyDatabase(source, part);
    requireSound(part, 'the copy');
    syncFile(part);
    await rename(part, target);
    syncDirectory(dirname(target));
  } catch (error) {
    rmSync(part, { force: true });
    throw new CliError(`The backup was not made: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  console.log(`The database is in ${target}`);
  const blobs = join(resolve(dataDir), BLOBS_FOLDER);
  if (existsSync(blobs)) console.log(`Attachments are in ${blobs}: copy that folder now, after the database.`);
}

/** In one reading transaction: in WAL mode that keeps no writer waiting. */
function copyDatabase(source: string, target: string): void {
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } finally {
    database.close();
  }
}
