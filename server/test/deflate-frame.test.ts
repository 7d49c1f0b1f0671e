import { randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { type DownMessage, down } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { sendPage } from '../src/deflate-frame.ts';
import { createServer } from '../src/server.ts';
import { notes, rowOf } from './hub-world.ts';
import { openClient } from './test-client.ts';

function pageOf(rows: number, bytes: (row: number) => Uint8Array): Uint8Array {
  return down.encode({
    type: 'page',
    request: 1,
    group: {
      collection: 'notes',
      rows: Array.from({ length: rows }, (_, i) => ({ id: `n${i}`, seq: i + 1, deleted: false, bytes: bytes(i) })),
      checkpoint: rows,
    },
    last: true,
  });
}

function sent(frame: Uint8Array, inflates: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  sendPage({ inflates, send: (each) => frames.push(each) }, frame);
  return frames[0] ?? new Uint8Array();
}

const alike = pageOf(100, (row) => Buffer.from(`Harbour ${row} at low tide, seen from the outer wall, with boats`));

test('[HB60] a page goes deflated to a client that inflates, and says its own length', () => {
  const frame = sent(alike, true);
  const message = down.decode(frame) as Extract<DownMessage, { type: 'deflated' }>;
  expect(message).toMatchObject({ type: 'deflated', length: alike.length });
  expect(new Uint8Array(inflateRawSync(message.bytes))).toEqual(alike);
  expect(frame.length).toBeLessThan(alike.length / 4);
});

test('[HB60] it goes as it is to a client that does not', () => {
  expect(sent(alike, false)).toBe(alike);
});

test('[HB61] a page that is small, or becomes hardly smaller, goes as it is', () => {
  const small = pageOf(2, () => Buffer.from('Harbour at low tide'));
  const random = pageOf(100, () => randomBytes(100));
  expect(sent(small, true)).toBe(small);
  expect(sent(random, true)).toBe(random);
});

test('[HB62] what a client says in `connect` decides', async () => {
  const server = await createServer({ dataDir: ':memory:', log: () => {} });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const url = `ws://127.0.0.1:${port}/sync`;
  const [inflating, other] = [await openClient(url, '', 'a', true), await openClient(url, '', 'b', false)];
  const rows = Array.from({ length: 100 }, (_, i) => rowOf(`n${i}`, { title: `Harbour ${i} at low tide` }));
  await other.push(notes(...rows));
  expect(await other.pull('notes')).toMatchObject({ type: 'page', group: { checkpoint: 100 } });
  inflating.send({ type: 'pull', request: 9, collection: 'notes', checkpoint: 0, maxRows: 1_000 });
  expect(await inflating.next('deflated')).toMatchObject({ type: 'deflated' });
  inflating.terminate();
  other.terminate();
  await server.close();
});
