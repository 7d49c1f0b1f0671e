import * as Y from 'yjs';

/**
 * What a member was not sent because it did not read. So a slow reader costs a number for each writer, and no more; what it
 * missed is taken from the document when it reads again.
 */
export interface MissedNews {
  readonly isBehind: boolean;
  missUpdate(update: Uint8Array): void;
  missStates(clientIds: Iterable<number>): void;
  /** From now on it is behind no more. Answers what it lacks of the document, and whose states. */
  takeFrom(doc: Y.Doc): { readonly update: Uint8Array; readonly clientIds: readonly number[] };
}

export function createMissedNews(): MissedNews {
  /** From which clock on of each client. */
  const clocks = new Map<number, number>();
  const states = new Set<number>();
  let isBehind = false;

  return {
    get isBehind() {
      return isBehind;
    },
    missUpdate(update) {
      isBehind = true;
      for (const [client, clock] of Y.parseUpdateMeta(update).from) {
        clocks.set(client, Math.min(clock, clocks.get(client) ?? clock));
      }
    },
    missStates(clientIds) {
      isBehind = true;
      for (const clientId of clientIds) states.add(clientId);
    },
    takeFrom(doc) {
      const known = new Map([...doc.store.clients.keys()].map((client) => [client, Y.getState(doc.store, client)]));
      for (const [client, clock] of clocks) known.set(client, clock);
      const clientIds = [...states];
      isBehind = false;
      clocks.clear();
      states.clear();
      return { update: Y.encodeStateAsUpdate(doc, Y.encodeStateVector(known)), clientIds };
    },
  };
}
