import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeLife } from './life-of-a-row.ts';

describeLife('Dexie', () => getRxStorageDexie());
