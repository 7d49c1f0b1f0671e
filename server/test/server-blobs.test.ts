import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_BLOB_PIECE_BYTES } from '../src/limits.ts';
import { type BreakwaterServer, createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { attach, expectType, noise, rowWith, type TestBlob } from './blob-world.ts';
import { notes } from './hub-world.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
import { openClient, type TestClient } from './test-client.ts';

let directory: TemporaryDirectory;
let server: BreakwaterServer;
beforeEach(async () => {
  directory = makeTemporaryDirectory();
  server = await start();
});
afterEach(async () => {
  await server.close();
  directory.remove();
});

test('[BH1] bytes that one device brings reach another, piece by piece and the same', async () => {
  const picture = noise(3 * MAX_BLOB_PIECE_BYTES + 7);
  const [anna, ben] = [await open('anna'), await open('ben')];
  await anna.push(notes(rowWith('a', { picture })));
  const want = expectType(await anna.next('blob-want'), 'blob-want');
  expect(want.blobs).toEqual([
    { collection: 'notes', id: 'a', digest: picture.digest, length: picture.length, have: 0 },
  ]);
  expect(await get(ben, 'a', picture)).toBe('blob-missing');
  await put(anna, picture, 0);
  expect(await ben.next('blob-here')).toEqual({ type: 'blob-here', digests: [picture.digest] });
  expect(await get(ben, 'a', picture)).toEqual(picture.bytes);
});

test('[BH1] a part outlives the socket and the server, and goes on where it ended', async () => {
  const picture = noise(3 * MAX_BLOB_PIECE_BYTES);
  const first = await open('anna');
  await first.push(notes(rowWith('a', { picture })));
  await first.next('blob-want');
  await putPiece(first, picture, 0);
  first.terminate();
  await server.close();
  server = await start();
  const second = await open('anna');
  const want = expectType(await second.next('blob-want'), 'blob-want');
  expect(want.blobs).toMatchObject([{ digest: picture.digest, have: MAX_BLOB_PIECE_BYTES }]);
  await put(second, picture, MAX_BLOB_PIECE_BYTES);
  expect(await get(second, 'a', picture)).toEqual(picture.bytes);
});

test('[BH1] what is there already is not asked for again', async () => {
  const picture = noise(100);
  const [anna, ben] = [await open('anna'), await open('ben')];
  await anna.push(notes(rowWith('a', { picture })));
  await anna.next('blob-want');
  await put(anna, picture, 0);
  await ben.push(notes(rowWith('b', { picture })));
  await ben.push(notes(attach('b', {}, { title: 'again' })));
  expect(await get(ben, 'b', picture)).toEqual(picture.bytes);
  const missing = noise(100, 2);
  await ben.push(notes(rowWith('c', { missing })));
  expect(await ben.next('blob-want')).toMatchObject({ blobs: [{ digest: missing.digest }] });
});

test('[BH2] blobs are files below the data directory, and none of them is made before one comes', async () => {
  const folder = join(directory.path, 'blobs');
  expect(existsSync(folder)).toBe(false);
  const picture = noise(10);
  const anna = await open('anna');
  await anna.push(notes(rowWith('a', { picture })));
  await anna.next('blob-want');
  await put(anna, picture, 0);
  const [tenant = ''] = readdirSync(folder);
  expect(tenant).toMatch(/^default-[0-9a-f]{32}$/);
  expect(readdirSync(join(folder, tenant, picture.digest.slice(0, 2)))).toEqual([picture.digest]);
});

async function start(options: ServerOptions = {}): Promise<BreakwaterServer> {
  const started = await createServer({ dataDir: directory.path, log: () => {}, ...options });
  await started.listen({ host: '127.0.0.1', port: 0 });
  return started;
}

function open(replica: string): Promise<TestClient> {
  return openClient(`ws://127.0.0.1:${server.address?.port}/sync`, '', replica);
}

async function put(client: TestClient, blob: TestBlob, from: number): Promise<void> {
  for (let offset = from; offset < blob.length; ) offset = await putPiece(client, blob, offset);
}

/** Answers up to where the server has it. */
async function putPiece(client: TestClient, blob: TestBlob, offset: number): Promise<number> {
  const bytes = blob.bytes.subarray(offset, offset + MAX_BLOB_PIECE_BYTES);
  const answer = await client.ask((request) => ({ type: 'blob-put', request, digest: blob.digest, offset, bytes }));
  return expectType(answer, 'blob-have').have;
}

/** All of it, or the code of the error. */
async function get(client: TestClient, id: string, { digest }: TestBlob): Promise<Uint8Array | string> {
  const parts: Uint8Array[] = [];
  for (let offset = 0; ; ) {
    const answer = await client.ask((request) => {
      return { type: 'blob-get', request, collection: 'notes', id, digest, offset, maxBytes: 1_000_000 };
    });
    if (answer.type === 'error') return answer.code;
    const { length, bytes } = expectType(answer, 'blob-part');
    parts.push(bytes);
    offset += bytes.length;
    if (offset >= length) return new Uint8Array(Buffer.concat(parts));
  }
}
