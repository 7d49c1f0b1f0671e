import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeClockJumps } from './clock-jumps.ts';

// As in a browser: RxDB then tells other tabs by the platform's BroadcastChannel.
globalThis.self = globalThis as typeof globalThis & Window;

describeClockJumps('Dexie', () => getRxStorageDexie());
