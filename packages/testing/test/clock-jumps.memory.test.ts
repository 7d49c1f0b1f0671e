import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeClockJumps } from './clock-jumps.ts';

describeClockJumps('memory', () => getRxStorageMemory());
