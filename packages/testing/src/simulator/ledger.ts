import { GENERATION, type Json, type Path, type State, sameValue, stampAt } from '@breakwater/crdt';

/** Registers that must never be lost: of each path the latest one. */
export interface Ledger {
  add(id: string, state: State): void;
  /** What of it a holder of these rows lacks, or has in an older state. */
  missingFrom(holder: string, stateById: ReadonlyMap<string, State>): string[];
}

interface Entry {
  readonly stamp: string;
  readonly value: Json | undefined;
}

/** `kind` says in a fault what kind of promise was broken. */
export function createLedger(kind: string): Ledger {
  const entriesById = new Map<string, Map<Path, Entry>>();

  function note(id: string, path: Path, entry: Entry): void {
    const entries = entriesById.get(id) ?? new Map<Path, Entry>();
    entriesById.set(id, entries);
    if (entry.stamp > (entries.get(path)?.stamp ?? '')) entries.set(path, entry);
  }

  return {
    add(id, { generation, registers }) {
      note(id, GENERATION, { stamp: generation, value: undefined });
      for (const [path, register] of registers) note(id, path, register);
    },
    missingFrom(holder, stateById) {
      const faults: string[] = [];
      for (const [id, entries] of entriesById) {
        const state = stateById.get(id);
        for (const [path, entry] of entries) {
          if (!isKept(state, path, entry)) faults.push(`${holder} lost the ${kind} ${id}.${path} of ${entry.stamp}`);
        }
      }
      return faults;
    },
  };
}

/** Kept is a register that is there, or that a later write took the place of. */
function isKept(state: State | undefined, path: Path, { stamp, value }: Entry): boolean {
  if (state === undefined) return false;
  const found = stampAt(state, path);
  if (found !== stamp || path === GENERATION) return found >= stamp;
  return sameValue(state.registers.get(path)?.value, value);
}
