import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { it } from 'vitest';
import { randomRuns } from './random-runs.ts';

const { runs, timeout, play } = randomRuns({
  storage: () => getRxStorageDexie(),
  runs: 20,
  command: 'npm test -- --project node convergence.dexie',
});

it(`[SY1] Dexie: all replicas end equal, with nothing pending (${runs} runs)`, { timeout }, play);
