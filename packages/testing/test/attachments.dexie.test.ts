import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeAttachments } from './attachments.ts';

describeAttachments('Dexie', () => getRxStorageDexie());
