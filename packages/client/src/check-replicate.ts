import type { RxCollection, RxDatabase } from 'rxdb';
import { capturedStorageOf } from './storage/with-breakwater.ts';

/** @throws TypeError */
export function checkUrl(url: string): void {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === 'ws:' || protocol === 'wss:') return;
  throw new TypeError(`'${url}' is no websocket address: it must begin with ws:// or wss://`);
}

/** The collections whose writes are captured. @throws Error when there are none. */
export function capturedCollections(database: RxDatabase): RxCollection[] {
  const collections = Object.values(database.collections) as RxCollection[];
  const captured = collections.filter(({ storageInstance }) =>
    capturedStorageOf(storageInstance.originalStorageInstance),
  );
  if (captured.length > 0) return captured;
  throw new Error(
    `the database '${database.name}' has no collection whose writes are captured: open it with createDatabase, or hand withBreakwater(storage) to createRxDatabase`,
  );
}
