import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CliError } from './cli-error.ts';
import type { FileOptions } from './cli-options.ts';
import { openDataDirectory } from './data-directory.ts';
import { requireSound } from './database-file.ts';
import { prepareSchema } from './sqlite-schema.ts';
import { DATABASE_FILE } from './sqlite-store.ts';
import { syncDirectory, syncFile } from './sync-file.ts';

/**
 * Puts a backup in the place of the database, under a new epoch: clients then read everything anew, and send what they have
 * and the backup has not. What was there is kept under another name.
 *
 * @throws CliError, DataDirectoryLockedError, DataDirectoryError
 */
export function restore({ dataDir, file }: FileOptions): void {
  const source = resolve(file);
  if (!existsSync(source)) throw new CliError(`There is no backup at ${source}.`);
  const directory = openDataDirectory(dataDir);
  const database = join(directory.path, DATABASE_FILE);
  const incoming = `${database}.restoring`;
  try {
    copyFileSync(source, incoming);
    requireSound(incoming, source);
    beginEpoch(incoming);
    syncFile(incoming);
    const replaced = setAside(database);
    renameSync(incoming, database);
    syncDirectory(directory.path);
    console.log(`${source} is restored to ${directory.path}`);
    if (replaced !== undefined) console.log(`What was there is in ${replaced}`);
  } catch (error) {
    throw new CliError(`Nothing was restored: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    for (const ending of ['', ...COMPANIONS]) rmSync(incoming + ending, { force: true });
    directory.release();
  }
}

/** Files that SQLite keeps beside a database in use. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

function beginEpoch(path: string): void {
  const database = new DatabaseSync(path);
  try {
    // In one file, whatever the backup was.
    database.exec('PRAGMA journal_mode = DELETE');
    prepareSchema(database, Date.now());
    database.prepare(`UPDATE meta SET value = ? WHERE key = 'epoch'`).run(randomUUID());
  } finally {
    database.close();
  }
}

/** Under a name that says when. Answers it; undefined: there was nothing. */
function setAside(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  foldLog(path);
  const aside = `${path}.replaced-${new Date().toISOString().replaceAll(':', '')}`;
  // The companions first: with the one of another database in its place, the new one would be broken.
  for (const ending of [...COMPANIONS, '']) if (existsSync(path + ending)) renameSync(path + ending, aside + ending);
  return aside;
}

/** So that the file alone has it all. One that is damaged stays as it is: its log goes with it. */
function foldLog(path: string): void {
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
  } catch {
    // It is set aside as it is.
  }
}
