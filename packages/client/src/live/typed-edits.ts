import * as Y from 'yjs';

/** A piece of what was typed here. */
export interface TypedEdit {
  /** A Yjs update that holds nothing that came from elsewhere. */
  readonly update: Uint8Array;
  readonly fields: ReadonlySet<string>;
}

/** What was typed into a Y.Doc by its own session, gathered until it is taken. */
export interface TypedEdits {
  /** Everything since the last time; undefined: nothing. */
  take(): TypedEdit | undefined;
  /** As take, but it stays. */
  peek(): TypedEdit | undefined;
  /** It could not be written: it comes again with the next take. */
  putBack(edit: TypedEdit): void;
  stop(): void;
}

export function gatherTyped(doc: Y.Doc, onTyped: () => void): TypedEdits {
  let updates: Uint8Array[] = [];
  let fields = new Set<string>();

  function gather(update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void {
    // What is applied as an update is never local, wherever it comes from.
    if (!transaction.local) return;
    updates.push(update);
    for (const field of changedFields(transaction)) fields.add(field);
    onTyped();
  }
  doc.on('update', gather);

  function peek(): TypedEdit | undefined {
    return updates.length === 0 ? undefined : { update: mergeAll(updates), fields };
  }

  return {
    peek,
    take() {
      const taken = peek();
      updates = [];
      fields = new Set();
      return taken;
    },
    putBack(edit) {
      updates.unshift(edit.update);
      for (const field of edit.fields) fields.add(field);
    },
    stop: () => doc.off('update', gather),
  };
}

export function joinTyped(a: TypedEdit | undefined, b: TypedEdit | undefined): TypedEdit | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { update: Y.mergeUpdates([a.update, b.update]), fields: new Set([...a.fields, ...b.fields]) };
}

/** Fields are root types, and nothing lies within them. */
function changedFields({ doc, changed }: Y.Transaction): string[] {
  return [...doc.share].flatMap(([field, type]) => (changed.has(type) ? [field] : []));
}

/** By halves: for many at once Yjs takes the square of their number. */
function mergeAll(updates: readonly Uint8Array[]): Uint8Array {
  if (updates.length < 8) return Y.mergeUpdates([...updates]);
  const middle = updates.length >> 1;
  return Y.mergeUpdates([mergeAll(updates.slice(0, middle)), mergeAll(updates.slice(middle))]);
}
