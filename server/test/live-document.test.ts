import { MalformedError } from '@breakwater/crdt';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { openLiveDocument } from '../src/rooms/live-document.ts';

test('[RU12] an update that Yjs trips over leaves the document as it was, with nothing of it and nothing waiting', () => {
  const stored = updateOf('stored', 1);
  const document = openLiveDocument({ load: () => [stored], onLost: failTest });
  const before = Y.encodeStateAsUpdate(document.doc);
  const half = Y.mergeUpdates([updateOf('half', 2), secondHalf()]);
  expect(() => document.apply(half)).toThrow(MalformedError);
  expect(Y.encodeStateAsUpdate(document.doc)).toEqual(before);
  expect(document.doc.store.pendingStructs).toBeNull();
  expect(document.apply(updateOf('whole', 3))).toBeDefined();
  expect(document.doc.getText('body').length).toBe('storedwhole'.length);
});

test('[RU12] what of an update is new is all that comes of it', () => {
  const document = openLiveDocument({ load: () => [updateOf('stored', 1)], onLost: failTest });
  const news = document.apply(Y.mergeUpdates([updateOf('stored', 1), updateOf('new', 2)])) ?? new Uint8Array();
  expect([...Y.parseUpdateMeta(news).from.keys()]).toEqual([2]);
  expect(document.apply(updateOf('new', 2))).toBeUndefined();
});

test('[RU12] what is stored but not complete is no document', () => {
  expect(() => openLiveDocument({ load: () => [secondHalf()], onLost: failTest })).toThrow('not complete');
});

function updateOf(text: string, clientId: number): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  doc.getText('body').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** Builds on what nobody has. */
function secondHalf(): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = 9;
  doc.getText('body').insert(0, 'first');
  const before = Y.encodeStateVector(doc);
  doc.getText('body').insert(5, 'second');
  return Y.encodeStateAsUpdate(doc, before);
}

function failTest(error: unknown): never {
  throw new Error(`the document was lost: ${error}`);
}
