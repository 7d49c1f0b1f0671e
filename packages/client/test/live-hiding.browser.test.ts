import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import { createDatabase, replicate, type Scheduler } from '../src/index.ts';
import { planCollections } from './note-collections.ts';

/** Time stands still: nothing is written because it is due. */
const still: Scheduler = { now: () => 0, after: () => () => {} };

it.each([
  ['left', () => window.dispatchEvent(new Event('pagehide'))],
  [
    'hidden',
    () => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Reflect.deleteProperty(document, 'visibilityState');
    },
  ],
])('[LE6] what was typed is written when the page is %s', async (_how, happen) => {
  const name = `hiding-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage: getRxStorageMemory(), collections: planCollections });
  const sync = replicate(database, { url: 'ws://localhost:9/sync', scheduler: still });
  const note = await database.plans.insert({ id: 'a', title: 'Log', body: 'Low' });
  const live = await sync.open(note);
  live.text('body').insert(3, ' tide');
  expect((await database.plans.findOne('a').exec(true)).body).toBe('Low');
  happen();
  await expect.poll(async () => (await database.plans.findOne('a').exec(true)).body).toBe('Low tide');
  // What was kept for the case that the write comes too late is not needed any more.
  await expect.poll(() => Object.keys(localStorage).filter((key) => key.includes(name))).toEqual([]);
  await database.remove();
});
