import { MAX_CLIENT_ID } from '@breakwater/crdt';
import * as Y from 'yjs';

/**
 * A mark in the Yjs documents of clients that keep them by themselves: a struct under a client id that stands for one life
 * of the row. Such a client knows nothing of generations; but whenever it comes back it says which client ids its document
 * has, and so of which life it is.
 */
export interface LifeMark {
  /** An update with nothing but the mark. */
  readonly update: Uint8Array;
  /** The state vector of somebody who has the mark, too: nobody sends it there. @throws Error when it does not decode. */
  addTo(stateVector: Uint8Array): Uint8Array;
  /** The update without the mark. @throws Error when it does not decode. */
  removeFrom(update: Uint8Array): Uint8Array;
}

/** Client ids lie below, and no update with others is taken from anybody. */
const LOWEST_LIFE = MAX_CLIENT_ID + 1;
const LIVES = Number.MAX_SAFE_INTEGER - LOWEST_LIFE;

/** The root type that the mark lies in. */
const ROOT = 'breakwater:life';

export function drawLife(): number {
  return LOWEST_LIFE + Math.floor(Math.random() * LIVES);
}

export function createLifeMark(life: number): LifeMark {
  const doc = new Y.Doc({ guid: ROOT });
  doc.clientID = life;
  doc.getArray(ROOT).push([0]);
  const stateVector = Y.encodeStateVector(doc);
  return {
    update: Y.encodeStateAsUpdate(doc),
    addTo: (others) => Y.encodeStateVector(Y.decodeStateVector(others).set(life, 1)),
    removeFrom: (update) => Y.diffUpdate(update, stateVector),
  };
}

/** @throws Error when the bytes are no state vector. */
export function livesOfStateVector(stateVector: Uint8Array): number[] {
  return livesIn(Y.decodeStateVector(stateVector));
}

/** @throws Error when the bytes are no update. */
export function livesOfUpdate(update: Uint8Array): number[] {
  return livesIn(Y.parseUpdateMeta(update).to);
}

function livesIn(clocks: ReadonlyMap<number, number>): number[] {
  return [...clocks.keys()].filter((clientId) => clientId >= LOWEST_LIFE);
}
