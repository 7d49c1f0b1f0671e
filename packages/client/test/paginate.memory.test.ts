import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describePages } from './paginate-property.ts';

describePages('memory', () => getRxStorageMemory(), 150);
