import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeVersions } from './schema-versions.ts';

describeVersions('Dexie', () => getRxStorageDexie());
