import type { RxCollection, RxDocument } from 'rxdb';
import { ReplicationEndedError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import type { LiveDocument } from './live-document.ts';
import { createLiveView } from './live-view.ts';
import { type LiveErrorCode, type OpenRoom, openRoom } from './open-room.ts';
import { listenForHiding } from './page-hiding.ts';
import type { Rooms } from './rooms.ts';

export interface LiveDocumentsOptions {
  readonly rooms: Rooms;
  readonly scheduler: Scheduler;
  readonly onError: (error: unknown, code: LiveErrorCode, collection: string) => void;
}

/** The documents that are open in this tab. */
export interface LiveDocuments {
  /** @throws Error when there is no such document, or no field that is typed in. */
  open(document: RxDocument): Promise<LiveDocument>;
  /** Writes what was typed. */
  flush(): Promise<void>;
  /** Writes what was typed, and closes them all. */
  end(): Promise<void>;
}

interface Entry {
  readonly collection: RxCollection;
  readonly room: Promise<OpenRoom>;
  /** How many have it open. */
  count: number;
  /** Whoever opens the document from now on opens it anew. */
  readonly forget: () => void;
}

export function createLiveDocuments({ rooms, scheduler, onError }: LiveDocumentsOptions): LiveDocuments {
  const entryByName = new Map<string, Entry>();
  const watched = new WeakSet<RxCollection>();
  let isOver = false;
  const opened = new Set<OpenRoom>();
  const stopListening = listenForHiding(() => {
    for (const room of opened) void room.hurry();
  });

  async function flush(): Promise<void> {
    await Promise.allSettled([...entryByName.values()].map(async ({ room }) => (await room).flush()));
  }

  function enter(collection: RxCollection, id: string): Entry {
    const name = JSON.stringify([collection.name, id]);
    const entry = entryByName.get(name) ?? start(name, collection, id);
    entry.count++;
    return entry;
  }

  function start(name: string, collection: RxCollection, id: string): Entry {
    const report = (error: unknown, code: LiveErrorCode) => onError(error, code, collection.name);
    const room = openRoom({ collection, id, rooms, scheduler, onError: report });
    const forget = () => {
      if (entryByName.get(name) === entry) entryByName.delete(name);
    };
    const entry = { collection, room, count: 0, forget };
    entryByName.set(name, entry);
    room.then(keepUntilClosed).then(forget, forget);
    watchEnd(collection);
    return entry;
  }

  async function keepUntilClosed(room: OpenRoom): Promise<void> {
    opened.add(room);
    await room.closed;
    opened.delete(room);
  }

  /** A collection that is closed or removed takes its open documents with it. */
  function watchEnd(collection: RxCollection): void {
    if (watched.has(collection)) return;
    watched.add(collection);
    collection.onClose.push(() => endAll(({ name }) => name === collection.name));
  }

  async function endAll(isMeant: (collection: { readonly name: string }) => boolean): Promise<void> {
    const meant = [...entryByName.values()].filter(({ collection }) => isMeant(collection));
    const opened = await Promise.allSettled(meant.map(({ room }) => room));
    await Promise.all(opened.map((each) => each.status === 'fulfilled' && each.value.close('ended')));
  }

  async function exit(entry: Entry): Promise<void> {
    entry.count--;
    const isLast = entry.count === 0;
    if (isLast) entry.forget();
    const room = await entry.room;
    await (isLast ? room.close('closed') : room.flush());
  }

  return {
    async open({ collection, primary }) {
      if (isOver) throw new ReplicationEndedError();
      requireTexts(collection);
      const entry = enter(collection, primary);
      return createLiveView(await entry.room, collection, () => exit(entry));
    },
    flush,
    async end() {
      isOver = true;
      stopListening();
      await endAll(() => true);
    },
  };
}

function requireTexts(collection: RxCollection): void {
  if ([...requireCaptured(collection).plan.kinds.values()].includes('text')) return;
  throw new Error(`${collection.name}: no field merges as text; define one with merge: { <field>: 'text' } to open it`);
}
