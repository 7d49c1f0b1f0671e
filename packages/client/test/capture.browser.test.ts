import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeRichCapture } from './capture-rich-table.ts';
import { describeCapture } from './capture-table.ts';

describeCapture("Dexie on the browser's IndexedDB", () => getRxStorageDexie());
describeRichCapture("Dexie on the browser's IndexedDB", () => getRxStorageDexie());
