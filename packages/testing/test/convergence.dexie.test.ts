import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { describeConvergence } from './convergence.ts';

describeConvergence('Dexie', {
  storage: () => getRxStorageDexie(),
  runs: 20,
  canReopen: true,
  command: 'npm test -- --project node convergence.dexie',
});
