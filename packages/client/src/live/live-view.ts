import type { RxCollection } from 'rxdb';
import { BehaviorSubject } from 'rxjs';
import * as Y from 'yjs';
import { requireCaptured } from '../storage/with-breakwater.ts';
import type { LiveDocument, LiveEnd, LiveStatus } from './live-document.ts';
import type { OpenRoom } from './open-room.ts';

/** What one of those sees that have a document open. `exit` is called when it closes it. */
export function createLiveView(room: OpenRoom, collection: RxCollection, exit: () => Promise<void>): LiveDocument {
  const { kinds } = requireCaptured(collection).plan;
  const status$ = new BehaviorSubject<LiveStatus>('offline');
  const subscription = room.status$.subscribe((status) => status$.next(status));
  const undoManagers: Y.UndoManager[] = [];
  const left = Promise.withResolvers<LiveEnd>();
  const closed = Promise.race([left.promise, room.closed]);
  let leaving: Promise<void> | undefined;

  void closed.then(() => {
    subscription.unsubscribe();
    for (const each of undoManagers) each.destroy();
    if (status$.value !== 'closed') status$.next('closed');
    status$.complete();
  });

  function text(field: string): Y.Text {
    if (kinds.get(field) === 'text') return room.doc.getText(field);
    throw new TypeError(
      `${collection.name}: '${field}' does not merge as text and cannot be typed in together; define merge: { ${field}: 'text' }`,
    );
  }

  async function leave(): Promise<void> {
    await exit();
    left.resolve({ reason: 'closed', message: 'the app has closed it' });
    await closed;
  }

  return {
    doc: room.doc,
    awareness: room.awareness,
    text,
    undoManager(field) {
      // Without an origin is what the app itself types; an editor's binding adds its own.
      const manager = new Y.UndoManager(text(field), { trackedOrigins: new Set([null]) });
      undoManagers.push(manager);
      return manager;
    },
    get isReadOnly() {
      return room.isReadOnly;
    },
    get status() {
      return status$.value;
    },
    status$: status$.asObservable(),
    closed,
    flush: room.flush,
    close() {
      leaving ??= leave();
      return leaving;
    },
  };
}
