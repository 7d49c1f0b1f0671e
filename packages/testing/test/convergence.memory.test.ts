import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { describeConvergence } from './convergence.ts';

describeConvergence('memory', {
  storage: () => getRxStorageMemory(),
  runs: 50,
  canReopen: false,
  command: 'npm test -- --project node convergence.memory',
});
