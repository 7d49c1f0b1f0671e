import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { it } from 'vitest';
import { randomRuns } from './random-runs.ts';

const { runs, timeout, play } = randomRuns({
  storage: () => getRxStorageMemory(),
  runs: 50,
  command: 'npm test -- --project node convergence.memory',
});

it(`[SY1] memory: all replicas end equal, with nothing pending (${runs} runs)`, { timeout }, play);
