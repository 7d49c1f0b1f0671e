import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { it } from 'vitest';
import { randomRuns } from './random-runs.ts';
import { describeTabs } from './tabs.ts';

const { runs, timeout, play } = randomRuns({
  storage: () => getRxStorageMemory(),
  withTabs: true,
  runs: 10,
  command: 'npm test -- --project node tabs.memory',
});

it(`[TB1] memory: two tabs and a device end equal (${runs} runs)`, { timeout }, play);

describeTabs('memory', () => getRxStorageMemory());
