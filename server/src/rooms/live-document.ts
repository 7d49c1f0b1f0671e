import { countStructs, hasGaps, loadDoc, MalformedError } from '@breakwater/crdt';
import * as Y from 'yjs';
import type { RoomSize } from './room-budget.ts';

/** The document of a room: at any time it holds every update as a whole or not at all, and nothing that waits for more. */
export interface LiveDocument {
  readonly doc: Y.Doc;
  /** What of the update was new; undefined: nothing. @throws MalformedError when Yjs trips over it. */
  apply(update: Uint8Array): Uint8Array | undefined;
  /** The same for an update of which everything is new: to find out what is costs as much again. */
  applyNew(update: Uint8Array): Uint8Array;
  /** What of an update can be applied, cut down to what is new. Costs what the document costs. @throws MalformedError */
  applicablePart(update: Uint8Array): Uint8Array;
  /** What somebody with this state vector lacks. @throws MalformedError */
  since(stateVector: Uint8Array): Uint8Array;
  stateVector(): Uint8Array;
  /** Costs what the document costs. */
  measure(): RoomSize;
}

export interface LiveDocumentOptions {
  /** The updates that the document is made of. */
  readonly load: () => readonly Uint8Array[];
  /** Yjs had applied a part of something, and what is stored could not be loaded in its place. */
  readonly onLost: (error: unknown) => void;
}

/** @throws when what is stored cannot be loaded. */
export function openLiveDocument({ load, onLost }: LiveDocumentOptions): LiveDocument {
  let doc = loadComplete(load());

  return {
    get doc() {
      return doc;
    },
    apply(update) {
      const [target, news] = [doc, [] as Uint8Array[]];
      const collect = (bytes: Uint8Array) => void news.push(bytes);
      target.on('update', collect);
      try {
        applyNew(update);
        return news.length > 1 ? Y.mergeUpdates(news) : news[0];
      } finally {
        target.off('update', collect);
      }
    },
    applyNew,
    applicablePart(update) {
      return explain('Yjs cannot apply an update', () => {
        const copy = loadDoc([Y.encodeStateAsUpdate(doc), update]);
        copy.store.pendingStructs = null;
        copy.store.pendingDs = null;
        return Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
      });
    },
    since: (stateVector) => explain('a state vector does not decode', () => Y.encodeStateAsUpdate(doc, stateVector)),
    stateVector: () => Y.encodeStateVector(doc),
    measure: () => ({ bytes: Y.encodeStateAsUpdate(doc).length, structs: countStructs(doc) }),
  };

  function applyNew(update: Uint8Array): Uint8Array {
    try {
      return explain('Yjs cannot apply an update', () => {
        Y.applyUpdate(doc, update);
        if (hasGaps(doc)) throw new MalformedError('an update builds on what is not there');
        return update;
      });
    } catch (error) {
      reload();
      throw error;
    }
  }

  function reload(): void {
    try {
      doc = loadComplete(load());
    } catch (error) {
      onLost(error);
    }
  }
}

function loadComplete(updates: readonly Uint8Array[]): Y.Doc {
  const doc = loadDoc(updates);
  if (hasGaps(doc)) throw new Error('what is stored of the room is not complete');
  return doc;
}

function explain<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`${what}: ${error instanceof Error ? error.message : error}`);
  }
}
