import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeTransfers } from './transfers.ts';

describeTransfers('Dexie', () => getRxStorageDexie());
