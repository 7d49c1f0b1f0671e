import { UnsentWritesError } from '@breakwater/client';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { leave, openShop, place, statusLine$ } from '../../../docs/examples/offline-and-the-breaker.ts';
import { createManualScheduler } from '../src/manual-scheduler.ts';
import { startWorldServer, type WorldServer } from '../src/world.ts';
import { codeOfGuide, exampleOf } from './guide-code.ts';

let server: WorldServer;
let shop: Awaited<ReturnType<typeof openShop>> | undefined;

beforeEach(async () => {
  server = await startWorldServer({
    authorize: ({ after }) => after?.item !== 'anvil' || 'we have no anvils',
  });
});

afterEach(async () => {
  await shop?.db.close();
  shop = undefined;
  await server.end();
});

function shows(line: string | RegExp, of$ = statusLine$(opened().sync)) {
  return firstValueFrom(of$.pipe(filter((shown) => (typeof line === 'string' ? shown === line : line.test(shown)))));
}

function opened() {
  if (shop === undefined) throw new Error('the shop is not open');
  return shop;
}

it('[DO2] the guide to being offline shows its example as it is', async () => {
  expect(await codeOfGuide('offline-and-the-breaker')).toBe(await exampleOf('offline-and-the-breaker'));
});

it('[DO2] its line tells of the breaker and of what is not sent yet', async () => {
  shop = await openShop(server.url, 'ada', { breaker: { failures: 1, probeAfterMs: 300_000 } });
  const { db, sync } = shop;
  await shows('Connected');
  await server.restart(async () => {
    await shows(/^No connection, next try in [23]\d\d s \[retry\]$/);
    await db.orders.insert({ id: 'o1', item: 'rope' });
    await shows(/ s · 1 not sent yet \[retry\]$/);
    sync.pause();
    await shows('Paused · 1 not sent yet [start]');
  });
  sync.start();
  await sync.awaitInSync();
  await shows('Connected');
});

it('[DO2] an order is stored, refused with the reason, or kept here', async () => {
  const scheduler = createManualScheduler(Date.now());
  shop = await openShop(server.url, 'bo', { scheduler });
  const { db, sync } = shop;
  expect(await place(sync, await db.orders.insert({ id: 'o1', item: 'rope' }))).toBe('Thank you');
  expect(await place(sync, await db.orders.insert({ id: 'o2', item: 'anvil' }))).toBe('we have no anvils');
  sync.pause();
  await shows('Paused [start]');
  const placing = place(sync, await db.orders.insert({ id: 'o3', item: 'buoy' }));
  await scheduler.advanceAsync(5_000);
  expect(await placing).toContain('send it when there is a connection');
});

it('[DO2] who leaves is asked about what was not sent', async () => {
  shop = await openShop(server.url, 'cy');
  const { db, sync } = shop;
  await sync.awaitInSync();
  sync.pause();
  await db.orders.insert({ id: 'o1', item: 'rope' });
  await expect(leave(sync, () => false)).rejects.toThrow(UnsentWritesError);
  expect(await db.orders.count().exec()).toBe(1);
  const asked: number[] = [];
  await leave(sync, (unsent) => asked.push(unsent) > 0);
  expect(asked).toEqual([1]);
  await shows(/^Signed out/);
});
