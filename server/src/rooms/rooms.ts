import { decodeStored, type State, sameBytes } from '@breakwater/crdt';
import { CloseCode } from '@breakwater/protocol';
import { type IsCollection, isName } from '../collection-names.ts';
import type { Definitions } from '../definitions.ts';
import { everybodys, type LabelsOf, mayRead } from '../labels.ts';
import type { Limits } from '../limits.ts';
import type { NewsRow } from '../news.ts';
import { createRowLabels } from '../row-labels.ts';
import type { Scheduler } from '../scheduler.ts';
import type { CommittedRow, RowKey, Store } from '../store.ts';
import { foldDocument } from './fold-document.ts';
import { foldFree } from './fold-free.ts';
import { foldLeftovers } from './fold-leftovers.ts';
import { createFoldTimer, type FoldTimer } from './fold-timer.ts';
import { drawLife } from './life-mark.ts';
import { markPeer } from './marked-peer.ts';
import { openRoom, type Room } from './room.ts';
import type { RoomAddress } from './room-address.ts';
import { documentContent, freeContent } from './room-content.ts';
import { createRoomEntrance, type DocumentAddress, type FoundRow } from './room-entrance.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import type { AuthorizeRoom } from './room-permission.ts';
import { type RoomRefusal, refuse } from './room-refusal.ts';
import type { RoomKey } from './room-store.ts';

/** The rooms of all tenants. One is loaded as long as somebody is in it. */
export interface Rooms {
  /** Never rejects. */
  open(peer: RoomPeer, address: RoomAddress): Promise<RoomMember | RoomRefusal>;
  /** A push was committed. */
  hear(tenant: string, rows: readonly CommittedRow[]): void;
  /** Does a pushed row bring Yjs structs under the id of somebody who is in its room with another session? */
  isForeign(tenant: string, key: RowKey, state: State, session: object): boolean;
  /** Brings what was typed by now into these rows. Undefined: it is all there. Never rejects. */
  fold(tenant: string, keys: readonly RowKey[]): Promise<void> | undefined;
  /** How many are loaded. */
  readonly size: number;
  /** What a server that was killed had not brought into the rows. Never rejects. */
  foldLeftovers(): Promise<void>;
  /** Closes every room, and brings what was typed into the rows. Never rejects. */
  close(): Promise<void>;
}

export interface RoomsOptions {
  readonly store: Store;
  readonly isCollection: IsCollection;
  readonly definitions: Definitions;
  readonly authorizeRoom: AuthorizeRoom;
  /** Default: a row is everybody's of its tenant. */
  readonly labelsOf?: LabelsOf | undefined;
  /** What hooks decide may change with a document: then everybody in its room is asked about again. */
  readonly asksAgain: boolean;
  readonly limits: Pick<Limits, 'maxRowBytes' | 'maxMessageBytes'>;
  readonly scheduler: Scheduler;
  /** Tells of a commit all who follow its collection. */
  readonly announce: (tenant: string, rows: readonly NewsRow[]) => void;
  readonly log: (line: string) => void;
}

/** Typing changes a row at most so often. In milliseconds. */
const MIN_FOLD_INTERVAL_MS = 1_000;

/** Nobody waits for the state of a free room, it is only quicker to load. In milliseconds. */
const MIN_FREE_FOLD_INTERVAL_MS = 10_000;

interface LoadedRoom {
  readonly room: Room;
  readonly generation: string;
  readonly folding: FoldTimer;
  /** The row's Yjs state as the room has it. */
  rich: Uint8Array | undefined;
}

export function createRooms(options: RoomsOptions): Rooms {
  const { store, isCollection, definitions, authorizeRoom, asksAgain, limits, scheduler, announce, log } = options;
  const { labelsOf = everybodys } = options;
  const entrance = createRoomEntrance({ store, isCollection, definitions, authorizeRoom, scheduler });
  const loadedByName = new Map<string, LoadedRoom>();
  /** Rooms that nobody can enter any more, until what was typed in them is in the rows. */
  const ending = new Set<Promise<void>>();
  let isClosing = false;

  return {
    async open(peer, address) {
      try {
        return address.kind === 'free' ? await openFree(peer, address.name) : await openDocument(peer, address);
      } catch (error) {
        log(`A room of ${peer.tenant} could not be opened: ${messageOf(error)}`);
        return refuse(CloseCode.tryAgainLater, 'the server could not open the room');
      }
    },
    hear(tenant, rows) {
      for (const row of rows) {
        const loaded = loadedByName.get(nameOf(tenant, row));
        if (loaded !== undefined) hearOf(tenant, row, loaded);
      }
    },
    isForeign(tenant, key, { rich, generation }, session) {
      const loaded = loadedByName.get(nameOf(tenant, key));
      if (rich === undefined || loaded?.generation !== generation) return false;
      return loaded.room.isForeign(rich, session);
    },
    fold(tenant, keys) {
      if (loadedByName.size === 0) return undefined;
      const folds = keys.map((key) => loadedByName.get(nameOf(tenant, key))?.folding.settle());
      return folds.some((fold) => fold !== undefined) ? Promise.all(folds).then(() => {}) : undefined;
    },
    get size() {
      return loadedByName.size;
    },
    foldLeftovers: () => foldLeftovers({ store, fold: foldStored, isOver: () => isClosing, log }),
    async close() {
      isClosing = true;
      for (const [name, loaded] of [...loadedByName]) {
        loaded.room.close(CloseCode.tryAgainLater, 'the server is stopping');
        end(name, loaded);
      }
      while (ending.size > 0) await Promise.all(ending);
    },
  };

  async function openFree(peer: RoomPeer, name: string): Promise<RoomMember | RoomRefusal> {
    if (!isName(name)) return refuse(CloseCode.notFound, 'there is no room of this name');
    const permission = await entrance.askOfFree(peer, name);
    if (permission === 'none') return refuse(CloseCode.forbidden, 'this user may not be in the room');
    if (isClosing) return refuse(CloseCode.tryAgainLater, 'the server is stopping');
    return loadFree(peer.tenant, name).room.join(peer, permission === 'read');
  }

  async function openDocument(peer: RoomPeer, address: DocumentAddress): Promise<RoomMember | RoomRefusal> {
    const asked = entrance.findRow(peer, address);
    if ('code' in asked) return asked;
    const permission = await entrance.askOfRow(peer, asked.key, asked.state);
    if (permission === 'none') return refuse(CloseCode.forbidden, 'this user may not be in the room');
    // Who does not name the generation keeps a document of which nobody else knows how old it is.
    const isUnnamed = address.generation === undefined;
    const life = isUnnamed ? await store.rooms.life(peer.tenant, asked.key, drawLife) : undefined;
    // It may have changed, or gone, meanwhile.
    const found = entrance.findRow(peer, address);
    if ('code' in found) return found;
    if (isClosing) return refuse(CloseCode.tryAgainLater, 'the server is stopping');
    if (life === undefined) return loadDocument(peer.tenant, found).room.join(peer, permission === 'read');
    if (found.key.generation !== asked.key.generation)
      return refuse(CloseCode.tryAgainLater, 'the document was changed');
    const marked = markPeer(peer, life);
    return marked.enter(loadDocument(peer.tenant, found).room.join(marked.peer, permission === 'read'));
  }

  function loadFree(tenant: string, id: string): LoadedRoom {
    const key: RoomKey = { collection: '', id, generation: '' };
    const name = nameOf(tenant, key);
    const known = loadedByName.get(name);
    if (known !== undefined && !known.room.isClosed) return known;
    const room: Room = openRoom({
      ...shared(tenant, key),
      // Whoever has all of it can send it in one message.
      content: freeContent(limits.maxMessageBytes - MESSAGE_MARGIN_BYTES),
      base: () => listOf(store.rooms.load(tenant, key).state),
    });
    let tookMs = 0;
    const folding = createFoldTimer({
      scheduler,
      minIntervalMs: MIN_FREE_FOLD_INTERVAL_MS,
      run: async () => {
        tookMs = await foldFree(store.rooms, tenant, key, room);
        if (room.isEmpty) void leaveEmpty(name);
      },
      onFailed: (error) => log(`The room ${JSON.stringify(id)} of ${tenant} was not folded: ${messageOf(error)}`),
      lastRunMs: () => tookMs,
    });
    return keep(name, { room, generation: '', folding, rich: undefined });
  }

  function loadDocument(tenant: string, { key, state, stateBytes }: FoundRow): LoadedRoom {
    const name = nameOf(tenant, key);
    const known = loadedByName.get(name);
    if (known !== undefined && !known.room.isClosed && known.generation === key.generation) return known;
    if (known !== undefined) replace(name, known);
    const otherBytes = stateBytes - (state.rich?.length ?? 0);
    const room: Room = openRoom({
      ...shared(tenant, key),
      content: documentContent(
        limits.maxRowBytes - otherBytes - ROW_MARGIN_BYTES,
        definitions.richFields(key.collection),
      ),
      base: () => listOf(richOf(tenant, key)),
    });
    let tookMs = 0;
    const folding = createFoldTimer({
      scheduler,
      minIntervalMs: MIN_FOLD_INTERVAL_MS,
      run: async () => {
        tookMs = await foldIntoRow(tenant, key, loaded);
        if (room.isEmpty) void leaveEmpty(name);
      },
      onFailed: (error) => log(`Typing was not brought into ${JSON.stringify(key.id)}: ${messageOf(error)}`),
      lastRunMs: () => tookMs,
    });
    const loaded: LoadedRoom = { room, generation: key.generation, folding, rich: state.rich };
    if (store.rooms.load(tenant, key).updates.length > 0) folding.touch();
    return keep(name, loaded);
  }

  function shared(tenant: string, key: RoomKey) {
    const name = nameOf(tenant, key);
    return {
      tenant,
      key,
      store: store.rooms,
      scheduler,
      log,
      onChanged: () => loadedByName.get(name)?.folding.touch(),
      onEmpty: () => void leaveEmpty(name),
    };
  }

  function keep(name: string, loaded: LoadedRoom): LoadedRoom {
    loadedByName.set(name, loaded);
    return loaded;
  }

  function richOf(tenant: string, key: RoomKey): Uint8Array | undefined {
    const row = store.row(tenant, key);
    const state = row && decodeStored(row.state);
    if (state?.generation !== key.generation) throw new Error('the row has another generation, or is not there');
    return state.rich;
  }

  /** Answers how long it took, in milliseconds. */
  async function foldIntoRow(tenant: string, key: RoomKey, loaded: LoadedRoom): Promise<number> {
    const { room } = loaded;
    await room.updates.settled();
    const upTo = room.updates.last;
    const start = performance.now();
    const { maxRowBytes } = limits;
    const { doc } = room;
    const { generation } = key;
    const labels = createRowLabels({ labelsOf, tenant, scheduler, log });
    const outcome = await foldDocument({ store, tenant, key, generation, doc, definitions, maxRowBytes, labels });
    const tookMs = performance.now() - start;
    if (outcome.kind === 'too-large') {
      log(`What was typed into ${JSON.stringify(key.id)} of ${key.collection} does not fit into its row any more`);
      room.close(CloseCode.full, 'the document is larger than the server takes');
      end(nameOf(tenant, key), loaded);
      return tookMs;
    }
    if (outcome.kind === 'written') {
      loaded.rich = outcome.rich;
      announce(tenant, outcome.rows);
      for (const row of outcome.rows) reviewReaders(room, row);
    }
    if (upTo > 0) await store.rooms.fold(tenant, key, { upTo });
    return tookMs;
  }

  function hearOf(tenant: string, row: CommittedRow, loaded: LoadedRoom): void {
    const { room } = loaded;
    const name = nameOf(tenant, row);
    const state = decodeStored(row.state);
    if (row.deleted) return endWith(name, loaded, CloseCode.notFound, 'the document was deleted');
    if (state.generation !== loaded.generation) {
      return endWith(name, loaded, CloseCode.gone, 'the document was inserted anew; open it with a new Yjs document');
    }
    reviewReaders(room, row);
    if (state.rich !== undefined && !sameBytes(state.rich, loaded.rich)) {
      loaded.rich = state.rich;
      mergeInto(room, state.rich, () => endWith(name, loaded, CloseCode.tryAgainLater, 'the document is loaded anew'));
    }
    if (asksAgain) void askAgain(row, state, room);
  }

  /** In the words for a room that is not there. */
  function reviewReaders(room: Room, row: CommittedRow): void {
    room.review(({ labels }) =>
      mayRead(labels, row.labels) ? undefined : refuse(CloseCode.notFound, 'there is no such document'),
    );
  }

  function mergeInto(room: Room, rich: Uint8Array, onFailed: () => void): void {
    try {
      room.merge(rich);
    } catch (error) {
      log(`A row did not come into its room: ${messageOf(error)}`);
      onFailed();
    }
  }

  /** Who has other rights now has to come again. */
  async function askAgain(key: RowKey, state: State, room: Room): Promise<void> {
    try {
      const peers = room.members.map(({ peer }) => peer);
      const permissions = await entrance.askOfAll(peers, key, state);
      room.review((peer, readOnly) => {
        const permission = permissions.get(peer);
        if (permission === 'none') return refuse(CloseCode.forbidden, 'this user may not be in the room any more');
        if (permission === undefined || (permission === 'read') === readOnly) return undefined;
        return refuse(CloseCode.tryAgainLater, 'rights have changed');
      });
    } catch (error) {
      log(`Nobody knows who may be in the room ${JSON.stringify(key.id)}: ${messageOf(error)}`);
      room.review(() => refuse(CloseCode.tryAgainLater, 'the server could not decide'));
    }
  }

  function endWith(name: string, loaded: LoadedRoom, code: number, reason: string): void {
    loaded.room.close(code, reason);
    end(name, loaded);
  }

  /** A row of another generation was committed, and the news of it is on its way here. */
  function replace(name: string, loaded: LoadedRoom): void {
    endWith(name, loaded, CloseCode.gone, 'the document was inserted anew; open it with a new Yjs document');
  }

  /** The room stays until all is in the row: whoever comes meanwhile is in the same one. */
  async function leaveEmpty(name: string): Promise<void> {
    const loaded = loadedByName.get(name);
    if (loaded === undefined) return;
    if (loaded.room.isClosed) return end(name, loaded);
    await track(loaded.folding.flush());
    // What could not be stored now is tried again, and the room stays until then.
    if (loadedByName.get(name) !== loaded || !loaded.room.isEmpty || loaded.folding.isDue) return;
    loadedByName.delete(name);
    loaded.folding.stop();
  }

  function end(name: string, loaded: LoadedRoom): void {
    if (loadedByName.get(name) === loaded) loadedByName.delete(name);
    void track(loaded.folding.flush().then(() => loaded.folding.stop()));
  }

  function track(work: Promise<void>): Promise<void> {
    const tracked: Promise<void> = work.finally(() => ending.delete(tracked));
    ending.add(tracked);
    return tracked;
  }

  /** What is stored of a room that nobody has opened since the start. */
  async function foldStored(tenant: string, row: FoundRow): Promise<void> {
    const { room } = loadDocument(tenant, row);
    if (room.isEmpty) await leaveEmpty(nameOf(tenant, row.key));
  }
}

/** Room for what grows in the row beside its Yjs state. In bytes. */
const ROW_MARGIN_BYTES = 1_024;

/** Room for what a message has around an update, and for deletions that are told again with it. In bytes. */
const MESSAGE_MARGIN_BYTES = 16 * 1024;

function nameOf(tenant: string, { collection, id }: RowKey): string {
  return JSON.stringify([tenant, collection, id]);
}

function listOf(update: Uint8Array | undefined): Uint8Array[] {
  return update === undefined ? [] : [update];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
