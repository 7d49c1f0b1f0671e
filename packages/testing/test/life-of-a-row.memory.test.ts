import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeLife } from './life-of-a-row.ts';

describeLife('memory', () => getRxStorageMemory());
