import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describePages } from './paginate-property.ts';

describePages('Dexie', () => getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange }), 25);
