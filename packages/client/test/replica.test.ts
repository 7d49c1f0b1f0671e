import { defineCollections } from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { inspectRows } from '../src/inspect.ts';

const collections = defineCollections({
  posts: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 10 }, likes: { type: 'number' } },
    },
    merge: { likes: 'counter' },
  },
});

it('[CT30] a database that is opened again counts on in its own register', async () => {
  const options = { name: `replica-${crypto.randomUUID()}`, storage: getRxStorageMemory(), collections };
  const first = await createDatabase({ ...options, multiInstance: false });
  await first.posts.insert({ id: 'a', likes: 1 });
  await first.close();
  const second = await createDatabase({ ...options, multiInstance: false });
  await (await second.posts.findOne('a').exec(true)).incrementalModify((data) => ({ ...data, likes: 3 }));
  const registers: unknown[] = [];
  for await (const { state } of inspectRows(second.posts as unknown as RxCollection)) {
    registers.push(...[...state.registers.values()].map(({ value }) => value));
  }
  expect(registers).toEqual([3]);
  await second.close();
});
