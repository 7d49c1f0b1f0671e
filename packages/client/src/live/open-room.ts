import { CloseCode, isFinal } from '@breakwater/protocol';
import type { RxCollection } from 'rxdb';
import { BehaviorSubject } from 'rxjs';
import type { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import type { Scheduler } from '../scheduler.ts';
import { createLiveRows } from '../storage/live-rows.ts';
import { keepLastWord } from './last-words.ts';
import type { LiveEnd, LiveEndReason, LiveStatus } from './live-document.ts';
import type { RoomEars, Rooms } from './rooms.ts';
import { bridgeRow, type Parting } from './row-bridge.ts';
import { virtualWebSocket } from './virtual-socket.ts';

export interface OpenRoomOptions {
  readonly collection: RxCollection;
  readonly id: string;
  readonly rooms: Rooms;
  readonly scheduler: Scheduler;
  readonly onError: (error: unknown, code: LiveErrorCode) => void;
}

/** `room-closed`: the server does not let this user into the room, or cannot hold what was typed there. */
export type LiveErrorCode = 'storage-failed' | 'room-closed';

/** A document's Y.Doc with its two neighbours, the row on the device and the room on the server. */
export interface OpenRoom {
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly isReadOnly: boolean;
  readonly status$: BehaviorSubject<LiveStatus>;
  readonly closed: Promise<LiveEnd>;
  flush(): Promise<void>;
  /** The page is about to be left: keeps what was typed where that is still possible, and writes it. */
  hurry(): Promise<void>;
  /** Writes what was typed, and leaves. */
  close(reason: LiveEndReason): Promise<void>;
}

/**
 * The server does not have the row, or has another generation of it. Either it will have this one soon, or the device will
 * hear of it by the row itself, and close the document.
 */
const BEHIND: readonly number[] = [CloseCode.notFound, CloseCode.gone];

const MESSAGES: { readonly [R in LiveEndReason]: string } = {
  closed: 'the app has closed it',
  deleted: 'the document was deleted',
  replaced: 'another document was inserted in its place',
  'set-back': 'the document went back to what the server holds',
  unsupported: 'a text held formatting or objects, or was in more pieces than a document can have',
  ended: 'replication was cancelled',
};

/** @throws Error when there is no such document. */
export async function openRoom({ collection, id, rooms, scheduler, onError }: OpenRoomOptions): Promise<OpenRoom> {
  const doc = new Y.Doc({ guid: id });
  const status$ = new BehaviorSubject<LiveStatus>('offline');
  const closing = Promise.withResolvers<LiveEnd>();
  const parted = Promise.withResolvers<Parting>();
  const bridge = await bridgeRow({
    collection,
    rows: createLiveRows(collection),
    id,
    doc,
    scheduler,
    onParting: parted.resolve,
    onError: (error) => onError(error, 'storage-failed'),
  });
  const room = { collection: collection.name, id, generation: bridge.life.generation };
  let isReadOnly = false;
  // The address is only a name: its sockets are seats in the room, on the one connection that there is.
  const provider = new WebsocketProvider('breakwater:', `${collection.name}/${id}`, doc, {
    WebSocketPolyfill: virtualWebSocket((ears) => rooms.join(room, withReadOnly(ears))),
    disableBc: true,
    connect: false,
    shouldReconnect: ({ code }) => BEHIND.includes(code) || !isFinal(code),
  });
  provider.on('sync', (isSynced) => show(isSynced ? 'live' : 'offline'));
  // What is typed goes on into the row. If that is refused too, the row goes back, and says why.
  provider.on('closed', ({ reason }) => onError(new Error(reason), 'room-closed'));
  void parted.promise.then(leave);
  provider.connect();

  function withReadOnly(ears: RoomEars): RoomEars {
    return {
      ...ears,
      onJoined(readOnly) {
        isReadOnly = readOnly;
        ears.onJoined(readOnly);
      },
    };
  }

  function show(status: LiveStatus): void {
    if (status$.value !== status && status$.value !== 'closed') status$.next(status);
  }

  function leave(reason: LiveEndReason): void {
    if (status$.value === 'closed') return;
    provider.destroy();
    provider.awareness.destroy();
    show('closed');
    status$.complete();
    closing.resolve({ reason, message: MESSAGES[reason] });
  }

  return {
    doc,
    awareness: provider.awareness,
    get isReadOnly() {
      return isReadOnly;
    },
    status$,
    closed: closing.promise,
    flush: bridge.flush,
    async hurry() {
      const typed = bridge.unwritten();
      if (typed === undefined) return;
      const whole = () => Y.encodeStateAsUpdate(doc);
      const { update, fields } = typed;
      const forget = keepLastWord({ collection, id, life: bridge.life, typed: update, whole, fields: [...fields] });
      await bridge.flush();
      if (bridge.unwritten() === undefined) forget();
    },
    async close(reason) {
      await bridge.end();
      leave(reason);
    },
  };
}
