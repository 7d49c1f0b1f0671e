import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { createManualScheduler } from '../src/manual-scheduler.ts';
import { createRandom } from '../src/random.ts';
import { createScriptedServer } from '../src/scripted-server.ts';
import { worldCollections } from '../src/world.ts';

const { schema } = worldCollections.notes;
const NAMES = ['notes', 'orders', 'payments', 'carts', 'people'] as const;
const collections = defineCollections({
  notes: { schema },
  orders: { schema },
  payments: { schema },
  carts: { schema },
  people: { schema },
});

const TEN_MINUTES = 600_000;

let close = async () => {};
afterEach(() => close());

describe('an outage of ten minutes', () => {
  it.each(['refuses', 'stays silent', 'hangs', 'accepts and drops'] as const)(
    '[CN26] a server that %s: six attempts for five collections with unsent documents',
    async (behaviour) => {
      const scheduler = createManualScheduler(Date.now());
      const server = createScriptedServer(scheduler);
      server.behaviour = behaviour;
      const database = await createDatabase({
        name: `outage-${crypto.randomUUID()}`,
        storage: getRxStorageMemory(),
        collections,
        multiInstance: false,
      });
      close = async () => void (await database.close());
      for (const name of NAMES) {
        await database[name].bulkInsert(Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, title: 'unsent' })));
      }
      const sync = replicate(database, {
        url: 'ws://test/sync',
        webSocket: server.webSocket,
        scheduler,
        random: createRandom(1).next,
      });
      await expect.poll(() => server.attempts.length).toBe(1);
      await scheduler.advanceAsync(TEN_MINUTES);
      expect(server.attempts).toHaveLength(6);
      expect(sync.status.state).toBe('halted');
      expect(sync.pending.rows).toBe(100);
      // That of the probe.
      expect(scheduler.waiting).toBe(1);
    },
  );
});
