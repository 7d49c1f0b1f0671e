import {
  type BulkProgress,
  createDatabase,
  defineCollections,
  insertMany,
  monitorQueries,
  type QueryReport,
} from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';

/** A collection that lacks an index, and the same one when it has it. */
export interface Experiment {
  /** Fills it anew, with this index or without one, and asks it; answers what the monitor reported. */
  run(index: readonly string[] | undefined, onProgress: (progress: BulkProgress) => void): Promise<Finding>;
}

export interface Finding {
  readonly report: QueryReport;
  readonly insertedInMs: number;
  readonly frames: Frames;
}

/** The times between two frames while rows went in: how the page felt. */
export interface Frames {
  readonly medianMs: number;
  readonly longestMs: number;
}

const ROWS = 100_000;
const COUNTRIES = 50;

/** How often it is asked, each time for another country. */
const QUESTIONS = 50;

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 20 },
    country: { type: 'string', maxLength: 2 },
    population: { type: 'integer', minimum: 0, maximum: 100_000_000, multipleOf: 1 },
  },
  required: ['country', 'population'],
} as const;

export function createExperiment(): Experiment {
  return {
    async run(index, onProgress) {
      const places = { schema: { ...schema, indexes: index === undefined ? [] : [index] } };
      const database = await createDatabase({
        name: `experiment-${crypto.randomUUID()}`,
        storage: getRxStorageMemory(),
        collections: defineCollections({ places }),
        multiInstance: false,
      });
      try {
        const watchedFrames = watchFrames();
        const start = performance.now();
        await insertMany(database.places, makePlaces(), { onProgress });
        const insertedInMs = performance.now() - start;
        const frames = watchedFrames.end();

        const ask = async (country: string) => {
          const query = { selector: { country }, sort: [{ population: 'asc' as const }], limit: 20 };
          await database.places.find(query).exec();
          await nextTurn();
        };
        // The first one waits for the storage to put away what was inserted last.
        await ask('none');
        let reports: readonly QueryReport[] = [];
        const watching = monitorQueries(database, { everyMs: 0 }).subscribe((all) => {
          reports = all;
        });
        for (let i = 0; i < QUESTIONS; i++) await ask(countryAt(i));
        await nextTurn();
        watching.unsubscribe();
        const [report] = reports;
        if (report === undefined) throw new Error('the monitor reported nothing');
        return { report, insertedInMs, frames };
      } finally {
        await database.close();
      }
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function makePlaces() {
  return Array.from({ length: ROWS }, (_, i) => ({
    id: `place-${i}`,
    country: countryAt(i % COUNTRIES),
    population: (i * 7919) % 1_000_003,
  }));
}

function countryAt(i: number): string {
  return String.fromCharCode(65 + (i % 26), 65 + Math.floor(i / 26));
}

function watchFrames(): { end(): Frames } {
  const gaps: number[] = [];
  let before = performance.now();
  let request = requestAnimationFrame(tick);

  function tick(now: number): void {
    gaps.push(now - before);
    before = now;
    request = requestAnimationFrame(tick);
  }

  return {
    end() {
      cancelAnimationFrame(request);
      gaps.sort((a, b) => a - b);
      return { medianMs: gaps[Math.floor(gaps.length / 2)] ?? 0, longestMs: gaps.at(-1) ?? 0 };
    },
  };
}
