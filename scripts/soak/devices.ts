import 'fake-indexeddb/auto';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { playRandomRun } from '../../packages/testing/src/random-run.ts';
import { numbersIn, type Part, type Tally } from './part.ts';

/** Runs at once in one worker. RxDB's free core stops at 13 open collections, and each run has three. */
const LANES = 4;

const STORAGES = [
  { name: 'memory', open: () => getRxStorageMemory() },
  { name: 'dexie', open: () => getRxStorageDexie() },
] as const;

/** Devices on RxDB's memory and Dexie storages, and the real server: each seed on both, and on both with two tabs. */
export const devices: Part = {
  runs: 100,
  async play(share) {
    // As in a browser: RxDB then tells other tabs by the platform's BroadcastChannel.
    globalThis.self = globalThis as typeof globalThis & Window;
    silenceNotices();
    const counts = { seeds: 0, memory: 0, dexie: 0, withTabs: 0, lost: 0, apart: 0 };
    const failures: string[] = [];
    const runs = numbersIn(share).flatMap((seed) =>
      STORAGES.flatMap(({ name, open }) => [false, true].map((withTabs) => ({ seed, name, open, withTabs }))),
    );
    counts.seeds = runs.length / (STORAGES.length * 2);

    async function playLane(): Promise<void> {
      for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
        const { seed, name, open, withTabs } = run;
        const verdict = await playRandomRun(seed, { storage: open, withTabs }).catch((error: unknown) => [
          String(error),
        ]);
        counts[name] += 1;
        if (withTabs) counts.withTabs += 1;
        if (verdict.length === 0) continue;
        counts[verdict.some((fault) => fault.includes(' lost the ')) ? 'lost' : 'apart'] += 1;
        const command = `BREAKWATER_SEED=${seed} npm test -- --project node ${withTabs ? 'tabs' : 'convergence'}.${name}`;
        failures.push(`seed ${seed} failed; repeat it with: ${command}\n  ${verdict.slice(0, 3).join('\n  ')}`);
      }
    }

    await Promise.all(Array.from({ length: LANES }, playLane));
    return { counts, failures } satisfies Tally;
  },
  summarize: (count) =>
    `${count('seeds')} seeds on real storages: ${count('memory')} runs on memory, ${count('dexie')} on Dexie, ${count('withTabs')} of them with two tabs, ${count('lost')} lost, ${count('apart')} apart`,
};

/** RxDB's free storages each print a notice of the paid ones. */
function silenceNotices(): void {
  console.warn = () => {};
}
