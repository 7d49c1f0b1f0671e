import { fromBase64, toBase64 } from 'lib0/buffer';
import * as Y from 'yjs';

/** The bytes of a Yjs update (V1) that holds the whole of a document's rich fields. Canonical, see {@link encodeDoc}. */
export type Rich = Uint8Array;

/**
 * A Yjs document with everything that the updates hold and, on top, what `edit` does. All in one transaction: at its end
 * Yjs joins whatever can be joined, so that the same content comes to lie in the same structs.
 */
export function loadDoc(updates: readonly Uint8Array[], edit: (doc: Y.Doc) => void = () => {}): Y.Doc {
  // With a guid given, none has to be made up, which takes twenty times as long as the rest.
  const doc = new Y.Doc({ guid: 'r' });
  const ownId = doc.clientID;
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
    edit(doc);
    // At the end of a transaction with an update in it, Yjs complains of structs under the document's present id.
    doc.clientID = ownId;
  });
  return doc;
}

/** Does the document wait for structs that none of its updates brought? */
export function hasGaps({ store }: Y.Doc): boolean {
  return store.pendingStructs !== null || store.pendingDs !== null;
}

export function countStructs({ store }: Y.Doc): number {
  let count = 0;
  for (const structs of store.clients.values()) count += structs.length;
  return count;
}

/** The canonical bytes of a document as {@link loadDoc} made it: same content, same bytes; undefined when it is empty. */
export function encodeDoc(doc: Y.Doc): Rich | undefined {
  return doc.store.clients.size === 0 ? undefined : Y.encodeStateAsUpdate(doc);
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((byte, i) => byte === b[i]);
}

/** Orders bytes in some way, the same everywhere. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Base64, for storages that hold JSON. */
export function richToText(bytes: Uint8Array): string {
  return toBase64(bytes);
}

export function richFromText(text: string): Uint8Array {
  return fromBase64(text);
}
