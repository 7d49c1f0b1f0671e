import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeAttachments } from './attachments.ts';

describeAttachments('memory', () => getRxStorageMemory());
