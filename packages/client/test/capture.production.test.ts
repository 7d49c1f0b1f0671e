import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeRichCapture } from './capture-rich-table.ts';
import { describeCapture } from './capture-table.ts';

describeCapture('memory', () => getRxStorageMemory());
describeCapture('Dexie', () => getRxStorageDexie());
describeRichCapture('memory', () => getRxStorageMemory());
describeRichCapture('Dexie', () => getRxStorageDexie());
