import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, notes, rowOf } from './hub-world.ts';

/** A store whose pages hold one row, and whose commits answer one by one when the test says so. */
function createSlowStore() {
  const store = openSqliteStore(':memory:');
  const held: (() => void)[] = [];
  const slow: Store = {
    ...store,
    async commit(tenant, keys, decide) {
      const commit = await store.commit(tenant, keys, decide);
      await new Promise<void>((resolve) => held.push(resolve));
      return commit;
    },
    page: (tenant, collection, query) => store.page(tenant, collection, { ...query, maxRows: 1 }),
  };
  const answerNext = async () => {
    held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { slow, answerNext };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('[HB20] a session that lags hears of the row that its own push took the place of, and its ack says nothing', async () => {
  const { slow, answerNext } = createSlowStore();
  const world = createHubWorld({ store: slow });
  const [other, lagging] = [world.join(), world.join()];
  lagging.pull();
  void other.push(notes(rowOf('a', { title: 'of the other' })));
  void other.push(notes(rowOf('b', { title: 'of the other' })));
  const own = lagging.push(notes(rowOf('a', { body: 'own' })));
  await settle();
  await settle();
  lagging.full = true;
  await answerNext();
  lagging.full = false;
  await answerNext();
  await answerNext();
  expect(await own).toMatchObject({ groups: [{ results: [{ kind: 'stored', seq: 3 }], checkpoint: 0 }] });
  const news = lagging.heard.flatMap((message) => (message.type === 'rows' ? message.groups : []));
  expect(news.flatMap(({ rows }) => rows.map(({ id, seq }) => [id, seq]))).toEqual([
    ['b', 2],
    ['a', 3],
  ]);
});
