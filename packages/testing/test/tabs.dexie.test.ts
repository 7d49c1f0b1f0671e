import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { it } from 'vitest';
import { randomRuns } from './random-runs.ts';
import { describeTabs } from './tabs.ts';

// As in a browser: RxDB then tells other tabs by the platform's BroadcastChannel.
globalThis.self = globalThis as typeof globalThis & Window;

const { runs, timeout, play } = randomRuns({
  storage: () => getRxStorageDexie(),
  withTabs: true,
  runs: 10,
  command: 'npm test -- --project node tabs.dexie',
});

it(`[TB1] Dexie: two tabs and a device end equal (${runs} runs)`, { timeout }, play);

describeTabs('Dexie', () => getRxStorageDexie());
