import { decodeStored, type State } from '@breakwater/crdt';
import { CloseCode } from '@breakwater/protocol';
import { type IsCollection, isName } from '../collection-names.ts';
import type { Definitions } from '../definitions.ts';
import { mayRead } from '../labels.ts';
import type { Scheduler } from '../scheduler.ts';
import type { RowKey, Store } from '../store.ts';
import type { RoomAddress } from './room-address.ts';
import type { RoomPeer } from './room-peer.ts';
import { type AuthorizeRoom, askPermission, type RoomEntry, type RoomPermission } from './room-permission.ts';
import { type RoomRefusal, refuse } from './room-refusal.ts';
import type { RoomKey } from './room-store.ts';

/** Which row a room is of, and what a peer may do in it. */
export interface RoomEntrance {
  /** A row that may not be read is answered as one that is not there. */
  findRow(peer: RoomPeer, address: DocumentAddress): FoundRow | RoomRefusal;
  /** @throws when nobody knows. */
  askOfRow(peer: RoomPeer, key: RowKey, state: State): Promise<RoomPermission>;
  /** As askOfRow. */
  askOfFree(peer: RoomPeer, name: string): Promise<RoomPermission>;
  /** The same of several peers. */
  askOfAll(peers: readonly RoomPeer[], key: RowKey, state: State): Promise<ReadonlyMap<RoomPeer, RoomPermission>>;
}

export type DocumentAddress = Extract<RoomAddress, { kind: 'document' }>;

export interface FoundRow {
  readonly key: RoomKey;
  readonly state: State;
  readonly stateBytes: number;
}

export interface RoomEntranceOptions {
  readonly store: Pick<Store, 'row'>;
  readonly isCollection: IsCollection;
  readonly definitions: Pick<Definitions, 'complete' | 'documentOf'>;
  readonly authorizeRoom: AuthorizeRoom;
  readonly scheduler: Scheduler;
}

export function createRoomEntrance(options: RoomEntranceOptions): RoomEntrance {
  const { store, isCollection, definitions, authorizeRoom, scheduler } = options;

  return {
    findRow({ tenant, labels }, { collection, id, generation }) {
      const row = isCollection(collection) && isName(id) ? store.row(tenant, { collection, id }) : undefined;
      if (row === undefined || row.deleted || !mayRead(labels, row.labels)) {
        return refuse(CloseCode.notFound, 'there is no such document');
      }
      const state = decodeStored(row.state);
      if (generation !== undefined && generation !== state.generation) {
        return refuse(CloseCode.gone, 'the document has another generation; open it with a new Yjs document');
      }
      return { key: { collection, id, generation: state.generation }, state, stateBytes: row.state.length };
    },
    askOfRow: (peer, key, state) => ask(peer, documentEntry(key, state)),
    askOfFree: (peer, name) => ask(peer, { kind: 'free', name }),
    async askOfAll(peers, key, state) {
      const entry = documentEntry(key, state);
      return new Map(await Promise.all(peers.map(async (peer) => [peer, await ask(peer, entry)] as const)));
    },
  };

  function documentEntry(key: RowKey, state: State): RoomEntry['room'] {
    const document = definitions.complete(key, definitions.documentOf(key, state));
    // What a hook does to the document must not reach the state that it was made of.
    return { kind: 'document', collection: key.collection, id: key.id, document: structuredClone(document) };
  }

  function ask({ tenant, user, labels }: RoomPeer, room: RoomEntry['room']): Promise<RoomPermission> {
    return askPermission(authorizeRoom, { tenant, user, labels, room }, scheduler);
  }
}
