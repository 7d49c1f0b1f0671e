import {
  GENERATION,
  isDeleted,
  type Json,
  type Path,
  type Stamp,
  type State,
  sameValue,
  stampAt,
} from '@breakwater/crdt';
import type { Key } from './definitions.ts';

/** Registers that must never be lost: of each path the latest one that somebody still has to have. */
export interface Ledger {
  add(key: Key, path: Path, entry: LedgerEntry): void;
  addState(key: Key, state: State): void;
  /** Nobody has to have the entry of this stamp any more, nor those before it that `alsoBefore` says. */
  drop(key: Key, path: Path, stamp: Stamp, alsoBefore?: (entry: LedgerEntry) => boolean): void;
  /** The same of all entries of the row before this stamp of which `isDropped` says so. */
  dropBefore(key: Key, stamp: Stamp, isDropped: (entry: LedgerEntry, path: Path) => boolean): void;
  /** What was superseded by now stays so. */
  settle(): void;
  /** What of it a holder of these rows lacks, or has in an older state. Nobody has to have what was purged, nor anything before. */
  missingFrom(holder: string, stateByKey: ReadonlyMap<Key, State>, purged: ReadonlyMap<Key, State>): string[];
}

export interface LedgerEntry {
  readonly stamp: Stamp;
  readonly value: Json | undefined;
  readonly device?: string;
}

/** `kind` says in a fault what kind of promise was broken. */
export function createLedger(kind: string): Ledger {
  /** Of each path of each row in the order of their stamps. */
  const entriesByKey = new Map<Key, Map<Path, LedgerEntry[]>>();

  function change(key: Key, path: Path, change: (entries: LedgerEntry[]) => LedgerEntry[]): void {
    const byPath = entriesByKey.get(key) ?? new Map<Path, LedgerEntry[]>();
    entriesByKey.set(key, byPath);
    byPath.set(path, change(byPath.get(path) ?? []));
  }

  function add(key: Key, path: Path, entry: LedgerEntry): void {
    change(key, path, (entries) => {
      if (entries.some(({ stamp }) => stamp === entry.stamp)) return entries;
      return [...entries, entry].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
    });
  }

  return {
    add,
    addState(key, { generation, registers }) {
      add(key, GENERATION, { stamp: generation, value: undefined });
      for (const [path, register] of registers) add(key, path, register);
    },
    drop(key, path, stamp, alsoBefore = () => false) {
      change(key, path, (entries) =>
        entries.filter((entry) => entry.stamp !== stamp && !(entry.stamp < stamp && alsoBefore(entry))),
      );
    },
    dropBefore(key, stamp, isDropped) {
      for (const path of entriesByKey.get(key)?.keys() ?? []) {
        change(key, path, (entries) => entries.filter((entry) => entry.stamp >= stamp || !isDropped(entry, path)));
      }
    },
    settle() {
      for (const byPath of entriesByKey.values()) {
        for (const [path, entries] of byPath) byPath.set(path, entries.slice(-1));
      }
    },
    missingFrom(holder, stateByKey, purged) {
      const faults: string[] = [];
      for (const [key, entriesByPath] of entriesByKey) {
        const state = stateByKey.get(key);
        for (const [path, entries] of entriesByPath) {
          const entry = entries.at(-1);
          if (entry === undefined || isKept(state, path, entry) || isPurged(purged.get(key), path, entry)) continue;
          faults.push(`${holder} lost the ${kind} ${key}.${path} of ${entry.stamp}`);
        }
      }
      return faults;
    },
  };
}

function isPurged(state: State | undefined, path: Path, { stamp }: LedgerEntry): boolean {
  return state !== undefined && stampAt(state, path) >= stamp;
}

/** Kept is a register that is there, or that a later write took the place of. */
function isKept(state: State | undefined, path: Path, { stamp, value }: LedgerEntry): boolean {
  if (state === undefined) return false;
  const found = stampAt(state, path);
  if (found !== stamp || path === GENERATION) return found >= stamp;
  // A shrunk tombstone has no more than its deletion, not even what was written with it.
  if (isDeleted(state) && stamp === state.generation) return true;
  return sameValue(state.registers.get(path)?.value, value);
}
