import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describePages } from './paginate-property.ts';

describePages("Dexie on the browser's IndexedDB", () => getRxStorageDexie(), 20);
