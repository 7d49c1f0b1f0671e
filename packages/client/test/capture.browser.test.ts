import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeCapture } from './capture-table.ts';

describeCapture("Dexie on the browser's IndexedDB", () => getRxStorageDexie());
