import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeVersions } from './schema-versions.ts';

describeVersions('memory', () => getRxStorageMemory());
