import { MalformedError, sameBytes } from '@breakwater/crdt';
import { getHeightOfRevision, type RxCollection } from 'rxdb';
import * as Y from 'yjs';
import type { Scheduler } from '../scheduler.ts';
import type { LocalRow } from '../storage/document-row.ts';
import { isSameLife, type LiveRows, lifeOf, type RowLife } from '../storage/live-rows.ts';
import { changesByTyping, changesOfTexts, retype, type TypedChanges } from './retype.ts';
import { gatherTyped, joinTyped, type TypedEdit } from './typed-edits.ts';

/** Why a row and its open document part. */
export type Parting = 'deleted' | 'replaced' | 'set-back' | 'unsupported';

export interface RowBridgeOptions {
  readonly collection: RxCollection;
  readonly rows: LiveRows;
  readonly id: string;
  readonly doc: Y.Doc;
  readonly scheduler: Scheduler;
  /** Nothing more passes between the two. */
  readonly onParting: (parting: Parting) => void;
  /** What was typed could not be stored. It is tried again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Between the row on the device and the document that is open: what is typed here goes into the row, whatever else comes
 * into the row goes into the open document. What comes through the room does not go into the row: the server writes it there.
 */
export interface RowBridge {
  readonly life: RowLife;
  /** Writes what was typed. Never rejects: what cannot be stored is told, and tried again. */
  flush(): Promise<void>;
  /** What was typed and is not stored yet; undefined: nothing. */
  unwritten(): TypedEdit | undefined;
  /** Writes what was typed, also meanwhile, and ends. */
  end(): Promise<void>;
}

/** What is typed is in the row after so long at most, in milliseconds: a crash takes no more than that with it. */
const WRITE_AFTER_MS = 300;

/** After a write the device rests so many times as long as that took: large texts are written less often. */
const REST_FACTOR = 10;

/** After a failure it is tried again, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/** The origin of what comes from the row: no typing. */
const ROW = Symbol('row');

/** Fills the open document from the row. @throws Error when there is no such document. */
export async function bridgeRow(options: RowBridgeOptions): Promise<RowBridge> {
  const { collection, rows, id, doc, scheduler, onParting, onError } = options;
  const typed = gatherTyped(doc, () => writeSoon(Math.max(WRITE_AFTER_MS, REST_FACTOR * lastWriteMs)));
  const early: LocalRow[] = [];
  let onRow = (row: LocalRow): void => {
    early.push(row);
  };
  const subscription = rows.changesOf(id).subscribe((row) => onRow(row));
  let lastWriteMs = 0;
  let cancelTimer: (() => void) | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let isOver = false;
  /** On its way into the storage. */
  let underWay: TypedEdit | undefined;

  const opened = await rows.read(id).catch(giveUp);
  if (opened === undefined || opened.document._deleted) {
    return giveUp(new Error(`${collection.name}: there is no document '${id}' to open`));
  }
  const life = lifeOf(opened);
  /** As last seen here. */
  let seen = opened;
  show(opened);
  onRow = hear;
  for (const row of early) hear(row);

  function giveUp(error: unknown): never {
    stop();
    throw error;
  }

  function show({ state }: LocalRow): void {
    if (state.rich !== undefined) Y.applyUpdate(doc, state.rich, ROW);
  }

  function hear(row: LocalRow): void {
    // Another tab's news may come after this tab's own.
    if (isOver || heightOf(row) < heightOf(seen)) return;
    if (!isSameLife(lifeOf(row), life)) return partFrom(row);
    const before = seen;
    seen = row;
    if (row.document._deleted) return void flush().then(() => part('deleted'));
    if (!sameBytes(row.state.rich, before.state.rich)) show(row);
  }

  function writeSoon(delayMs: number): void {
    if (!isOver) cancelTimer ??= scheduler.after(delayMs, () => void writeNow());
  }

  /** True: something was written, and meanwhile more may have been typed. */
  function writeNow(): Promise<boolean> {
    cancelTimer?.();
    cancelTimer = undefined;
    const written = writing.then(write);
    writing = written;
    return written;
  }

  async function flush(): Promise<void> {
    await writeNow();
  }

  async function end(): Promise<void> {
    while (await writeNow()) {}
    stop();
  }

  async function write(): Promise<boolean> {
    const edit = isOver ? undefined : typed.take();
    if (edit === undefined) return false;
    underWay = edit;
    const startedAt = scheduler.now();
    const { update, fields } = edit;
    try {
      const whole = () => Y.encodeStateAsUpdate(doc);
      const written = await rows.write({ id, life, typed: update, whole, fields }, seen);
      if (written !== undefined) seen = written;
      // The row lives another life, of which the news is on its way.
      else typed.putBack(edit);
      lastWriteMs = scheduler.now() - startedAt;
      return written !== undefined;
    } catch (error) {
      typed.putBack(edit);
      if (error instanceof MalformedError) await writeTexts();
      else retryLater(error);
      return false;
    } finally {
      underWay = undefined;
    }
  }

  function retryLater(error: unknown): void {
    onError(error);
    writeSoon(RETRY_AFTER_MS);
  }

  async function writeTexts(): Promise<void> {
    isOver = true;
    await again(() => changesOfTexts(collection, seen, doc));
    part('unsupported');
  }

  /** The structs of this life must not come back: what is not yet in the row is typed again, as an ordinary edit. */
  function partFrom(row: LocalRow): void {
    isOver = true;
    const isBack = row.replaced !== life.replaced;
    void writing.then(async () => {
      const left = typed.take();
      if (isBack && left !== undefined) await again(() => changesByTyping(collection, seen, { ...left, doc }));
      part(isBack ? 'set-back' : 'replaced');
    });
  }

  async function again(changes: () => TypedChanges): Promise<void> {
    try {
      await retype(collection, changes());
    } catch (error) {
      onError(error);
    }
  }

  function part(parting: Parting): void {
    stop();
    onParting(parting);
  }

  function stop(): void {
    isOver = true;
    cancelTimer?.();
    typed.stop();
    subscription.unsubscribe();
  }

  return { life, flush, unwritten: () => joinTyped(underWay, typed.peek()), end };
}

function heightOf({ document }: LocalRow): number {
  return getHeightOfRevision(document._rev);
}
