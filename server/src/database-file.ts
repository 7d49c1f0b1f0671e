import { DatabaseSync } from 'node:sqlite';

/**
 * Reads the whole file: is it a database of Breakwater, and none of its pages broken? `what` is its name in the error.
 *
 * @throws Error with the reason.
 */
export function requireSound(path: string, what: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const [fault] = database.prepare('PRAGMA quick_check(1)').all();
    if (fault?.quick_check !== 'ok') throw new Error(`${what} is damaged`);
    const tables = database.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('meta', 'rows')`).get();
    if (tables?.n !== 2) throw new Error(`${what} is no database of Breakwater`);
  } finally {
    database.close();
  }
}
