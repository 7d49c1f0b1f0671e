import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeTransfers } from './transfers.ts';

describeTransfers('memory', () => getRxStorageMemory());
