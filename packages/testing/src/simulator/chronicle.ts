import {
  ACK_CONTEXT,
  batchOf,
  isOwnContext,
  type Journal,
  type LocalRow,
  MERGE_CONTEXT,
  REPLACE_CONTEXT,
  type RefusedRecord,
  rowMetaOf,
  toLocalRow,
  UNDO_CONTEXT,
} from '@breakwater/client/sync';
import {
  decodeState,
  GENERATION,
  isDeleted,
  merge,
  NO_STAMP,
  type Path,
  type Stamp,
  type State,
  sameBytes,
  shrinkTombstone,
  stampAt,
} from '@breakwater/crdt';
import type { CommittedRow } from '@breakwater/server';
import { type BatchBook, type BatchEntry, createBatchBook } from './batch-book.ts';
import { type Contents, createContents, piecesOf } from './contents.ts';
import { isForbidden, type Key, keyOf, plan } from './definitions.ts';
import { createInboxBook, type InboxBook } from './inbox-book.ts';
import { createLedger, type Ledger, type LedgerEntry } from './ledger.ts';
import type { Written } from './model-storage.ts';

/** Everything that happens on disks and on the wire, and what follows from it for the judge. */
export interface Chronicle {
  /** Writes of users that reached a disk. */
  readonly operations: number;
  readonly written: Ledger;
  readonly acknowledged: Ledger;
  readonly batches: BatchBook;
  readonly contents: Contents;
  readonly inboxes: InboxBook;
  readonly faults: readonly string[];
  /** What the server holds, as far as it was committed. */
  readonly serverRows: ReadonlyMap<Key, State>;
  readonly counts: {
    readonly batches: number;
    readonly refused: number;
    readonly purged: number;
    readonly undone: number;
  };
  noteWritten(device: string, collection: string, written: Written): void;
  noteInternal(device: string, written: Written): void;
  /** `isKnown`: has the device heard of the row from the server? */
  notePushed(key: Key, state: State, isKnown: boolean): void;
  noteAcknowledged(key: Key, state: State): void;
  noteCommitted(rows: readonly CommittedRow[]): void;
  noteShrunk(key: Key, state: State): void;
  notePurged(key: Key): void;
  /** The server holds these from now on, and nothing else. */
  noteServerRows(rows: ReadonlyMap<Key, State>): void;
  /** Everything that was written so far was judged. */
  settle(): void;
  /** What the server had of rows that were deleted, and dropped. */
  readonly purged: ReadonlyMap<Key, State>;
  /** What must not be held: refused, undone, or purged. */
  faultsOf(holder: string, stateByKey: ReadonlyMap<Key, State>): string[];
}

const JOURNAL = 'breakwater-batch-';
const REFUSED = 'breakwater-refused-';

export function createChronicle(): Chronicle {
  const written = createLedger('write');
  const acknowledged = createLedger('acknowledged write');
  const contents = createContents();
  const inboxes = createInboxBook();
  const faults: string[] = [];
  const purged = new Map<Key, State>();
  const batches = createBatchBook(purged);
  let serverRows = new Map<Key, State>();
  /** Registers that the server has stored at any time. */
  const everStored = new Set<string>();
  const storedByKey = new Map<Key, string[]>();
  /** Registers that were dropped with a tombstone. */
  const dropped = new Set<string>();
  /** Registers that were taken back before. */
  const takenBack = new Set<string>();
  const counts = { batches: 0, refused: 0, purged: 0, undone: 0 };
  let operations = 0;
  let hasBeenSetBack = false;

  function store(key: Key, path: Path, stamp: Stamp): void {
    const name = nameOf(key, path, stamp);
    everStored.add(name);
    storedByKey.set(key, [...(storedByKey.get(key) ?? []), name]);
  }

  function takeBack(key: Key, path: Path, stamp: Stamp): void {
    const name = nameOf(key, path, stamp);
    if (!everStored.has(name)) takenBack.add(name);
  }

  /** Nobody but the device ever had these. */
  function isOverwritten(device: string, key: Key, path: Path) {
    return (entry: Pick<LedgerEntry, 'device' | 'stamp'>) =>
      entry.device === device && !everStored.has(nameOf(key, path, entry.stamp));
  }

  /** The same write, but for its stamp. */
  function stampedAnew(device: string, key: Key, path: Path, { before, now }: Change): void {
    const [from, to] = [stampAt(before.state, path), stampAt(now.state, path)];
    if (from === to || isContent(path)) return;
    const isUnder = (entry: Pick<LedgerEntry, 'device' | 'stamp'>, of: Path) =>
      entry.stamp < from && (path === GENERATION || of === path) && isOverwritten(device, key, of)(entry);
    if (path === GENERATION) {
      contents.move(key, from, to);
      written.dropBefore(key, from, isUnder);
    }
    written.drop(key, path, from, isOverwritten(device, key, path));
    written.add(key, path, { stamp: to, value: now.state.registers.get(path)?.value, device });
    const isMoved = (entry: BatchEntry) =>
      entry.key === key && ((entry.path === path && entry.stamp === from) || isUnder(entry, entry.path));
    for (const batch of now.batches) batches.move(batch, isMoved, { path, stamp: to });
    takeBack(key, path, from);
  }

  function userWrote(device: string, key: Key, { before, now, batch }: UserChange): void {
    operations += 1;
    const known = before?.state;
    for (const path of now.pending) {
      const register = now.state.registers.get(path);
      const stamp = stampAt(now.state, path);
      if (isContent(path)) continue;
      // A write from a document whose ack came later marks again what is stored already.
      if (known !== undefined && stampAt(known, path) === stamp) continue;
      // After a stamp that is far ahead, the next one is the same again when the first was taken back.
      if (takenBack.delete(nameOf(key, path, stamp))) batches.forget(key, path, stamp);
      written.add(key, path, { stamp, value: register?.value, device });
      if (batch !== undefined) batches.wrote(batch, { key, path, stamp, device });
    }
    const { generation } = now.state;
    const isNew = before === undefined || before.document._deleted || before.state.generation !== generation;
    const earlier = isNew ? [] : piecesOf(before.document);
    const shown = piecesOf(now.document);
    for (const piece of shown) if (!earlier.includes(piece)) contents.insert(key, piece, { device, generation });
    if (!now.document._deleted) for (const piece of earlier) if (!shown.includes(piece)) contents.free(key, piece);
  }

  /** What the row shows no more, and nobody else can have. */
  function takeBackPieces(device: string, key: Key, { before, now }: Change): void {
    const shown = now.document._deleted ? [] : piecesOf(now.document);
    const { generation } = before.state;
    const isPiece = new Set(piecesOf(before.document));
    contents.ban(key, (piece) => isPiece.has(piece) && !shown.includes(piece), { device, generation });
  }

  function wentBack(device: string, collection: string, key: Key, { before, now }: Change): void {
    const isLost = (path: Path) => {
      if (isContent(path)) return false;
      return stampAt(now.state, path) !== stampAt(before.state, path) && !now.pending.has(path);
    };
    const isStored = (path: Path) => {
      const stamp = stampAt(before.state, path);
      return everStored.has(nameOf(key, path, stamp)) && !hasServerLost(key, path, stamp);
    };
    // What the server had stored already, before somebody wrote over it, may be in the inbox or not.
    const paths = [...before.pending].filter((path) => isLost(path) && !isStored(path));
    for (const path of paths) takeBackAt(device, key, path, { before, now });
    for (const path of before.pending) if (now.pending.has(path)) stampedAnew(device, key, path, { before, now });
    takeBackPieces(device, key, { before, now });
    counts.refused += 1;
    // Who deleted it again meanwhile wants nothing of it; nor does who had only deleted what he had revived himself.
    const isWanted = !(before.document._deleted && (now.document._deleted || before.pending.has(GENERATION)));
    if (!isWanted) for (const batch of before.batches) batches.undo(batch, key);
    const lost = isWanted ? paths.filter((path) => path !== GENERATION) : [];
    inboxes.wentBack(device, { collection, before, lost });
  }

  function takeBackAt(device: string, key: Key, path: Path, { before, now }: Change): void {
    const stamp = stampAt(before.state, path);
    const isUnder = (entry: LedgerEntry, of: Path) =>
      isOverwritten(device, key, of)(entry) || hasServerLost(key, of, entry.stamp);
    written.drop(key, path, stamp, (entry) => isUnder(entry, path));
    acknowledged.drop(key, path, stamp, (entry) => isUnder(entry, path));
    takeBack(key, path, stamp);
    if (path !== GENERATION) return;
    // With it goes what was under it.
    written.dropBefore(key, stamp, isUnder);
    acknowledged.dropBefore(key, stamp, isUnder);
    for (const { generation } of [before.state, now.state]) contents.ban(key, () => true, { device, generation });
  }

  /** It was set back, and nobody has brought this back yet: whoever wrote over it has nothing to bring. */
  function hasServerLost(key: Key, path: Path, stamp: Stamp): boolean {
    const held = serverRows.get(key);
    return hasBeenSetBack && (held === undefined || stampAt(held, path) < stamp);
  }

  function undone(device: string, key: Key, { before, now }: Change): void {
    counts.undone += 1;
    for (const batch of before.batches) if (!now.batches.has(batch)) batches.undo(batch, key);
    for (const path of before.pending) {
      const stamp = stampAt(before.state, path);
      if (stampAt(now.state, path) === stamp) continue;
      written.drop(key, path, stamp);
      takeBack(key, path, stamp);
    }
    takeBackPieces(device, key, { before, now });
  }

  return {
    get operations() {
      return operations;
    },
    written,
    acknowledged,
    batches,
    contents,
    inboxes,
    faults,
    counts,
    get serverRows() {
      return serverRows;
    },
    noteWritten(device, collection, { previous, document, context }) {
      if (context === ACK_CONTEXT) return;
      if (context === MERGE_CONTEXT && (previous === undefined || rowMetaOf(previous)?.pending === undefined)) return;
      const before = previous && toLocalRow(plan, previous);
      const now = toLocalRow(plan, document);
      const key = keyOf(collection, now.id);
      if (!isOwnContext(context)) return userWrote(device, key, { before, now, batch: batchOf(context) });
      if (before === undefined) return;
      // What is pending before and after a merge has the same stamp, unless the server had found it to be of the future.
      if (context === MERGE_CONTEXT) {
        for (const path of before.pending) if (now.pending.has(path)) stampedAnew(device, key, path, { before, now });
      }
      if (context === REPLACE_CONTEXT) wentBack(device, collection, key, { before, now });
      if (context === UNDO_CONTEXT) undone(device, key, { before, now });
    },
    noteInternal(device, { previous, document }) {
      const key = String(document.key);
      if (key.startsWith(REFUSED)) {
        if (document._deleted) inboxes.removed(device, key);
        else inboxes.kept(device, key, document.data as RefusedRecord);
      }
      if (!key.startsWith(JOURNAL) || document._deleted) return;
      const { batch, state } = document.data as Journal;
      const before = previous?._deleted ? undefined : (previous?.data as Journal | undefined);
      if (state !== 'written' || before?.state !== 'writing') return;
      counts.batches += 1;
      batches.complete(batch);
      inboxes.batchWritten(device);
    },
    notePushed(key, { generation, registers }, isKnown) {
      const check = (path: Path, stamp: Stamp) => {
        const name = nameOf(key, path, stamp);
        // It never heard that this was stored, nor that it was deleted.
        if (!isKnown) dropped.delete(name);
        if (takenBack.has(name)) faults.push(`${name} was taken back, and is pushed`);
      };
      check(GENERATION, generation);
      for (const [path, { stamp }] of registers) check(path, stamp);
    },
    noteAcknowledged: acknowledged.addState,
    noteCommitted(rows) {
      const keys = rows.map(({ collection, id, state: bytes }) => {
        const key = keyOf(collection, id);
        const state = decodeState(bytes);
        const before = serverRows.get(key);
        serverRows.set(key, state);
        for (const [path, { stamp, value }] of state.registers) {
          if (before?.registers.get(path)?.stamp !== stamp) store(key, path, stamp);
          if (path === 'title' && isForbidden(value) && !isDeleted(state))
            faults.push(`the server has ${value} in ${key}`);
        }
        if (!sameBytes(state.rich, before?.rich)) contents.stored(key, state);
        if (state.generation !== before?.generation) store(key, GENERATION, state.generation);
        return key;
      });
      faults.push(...batches.faultsOf('the server', serverRows, keys));
    },
    noteShrunk: (key, state) => void serverRows.set(key, state),
    notePurged(key) {
      const found = serverRows.get(key);
      if (found === undefined) return;
      const state = shrinkTombstone(found);
      counts.purged += 1;
      serverRows.delete(key);
      const before = purged.get(key);
      purged.set(key, before === undefined ? state : merge(before, state));
      for (const name of storedByKey.get(key) ?? []) dropped.add(name);
      storedByKey.delete(key);
      contents.share(key);
    },
    noteServerRows(rows) {
      hasBeenSetBack = true;
      serverRows = new Map(rows);
    },
    settle() {
      written.settle();
      acknowledged.settle();
    },
    purged,
    faultsOf(holder, stateByKey) {
      const found: string[] = [];
      for (const [key, state] of stateByKey) {
        // What is later than a revival survives it, whoever kept it.
        const isRevived = state.generation !== NO_STAMP && !dropped.has(nameOf(key, GENERATION, state.generation));
        for (const [path, { stamp }] of state.registers) {
          const name = nameOf(key, path, stamp);
          if (takenBack.has(name) && !everStored.has(name)) found.push(`${holder} has ${name}, which was taken back`);
          if (dropped.has(name) && !isDeleted(state) && !isRevived)
            found.push(`${holder} has ${name}, which was purged`);
        }
        if (!isDeleted(state)) found.push(...contents.faultsOf(holder, key, state));
      }
      return found;
    },
  };
}

/** Text and sets have no register. */
function isContent(path: Path): boolean {
  return path === 'story' || path === 'tags';
}

interface Change {
  readonly before: LocalRow;
  readonly now: LocalRow;
}

interface UserChange {
  readonly before: LocalRow | undefined;
  readonly now: LocalRow;
  readonly batch: string | undefined;
}

function nameOf(key: Key, path: Path, stamp: Stamp): string {
  return `${key}.${path} of ${stamp}`;
}
