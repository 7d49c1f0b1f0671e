import { afterEach, expect, test } from 'vitest';
import { MAX_BLOB_PIECE_BYTES } from '../src/limits.ts';
import { expectType, noise, rowWith, type TestBlob } from './blob-world.ts';
import { notes } from './hub-world.ts';
import { type ServerProcess, startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient, type TestClient } from './test-client.ts';

const PIECES = 40;
/** Pieces that are answered before each kill; the next ones are on their way then. */
const ANSWERED_BEFORE_KILL = [7, 0, 12];
/** What a client may have unanswered. */
const WINDOW = 4;

const directory = makeTemporaryDirectory();
afterEach(() => directory.remove());

test('[SV13] SIGKILL in the middle of an upload costs no piece that was answered, and spoils none', async () => {
  const picture = noise(PIECES * MAX_BLOB_PIECE_BYTES - 1);
  const answered: number[] = [];
  await withServer(async (server) => {
    const client = await open(server);
    await client.push(notes(rowWith('a', { picture })));
    client.terminate();
  });
  for (const count of ANSWERED_BEFORE_KILL) {
    await withServer(async (server) => {
      const client = await open(server);
      await sendPieces(client, picture, await haveOf(client, answered), count, answered);
      await server.kill('SIGKILL');
    });
  }
  await withServer(async (server) => {
    const client = await open(server);
    await sendPieces(client, picture, await haveOf(client, answered), PIECES, answered);
    expect(answered.at(-1)).toBe(picture.length);
    expect(await download(client, picture)).toEqual(picture.bytes);
    client.terminate();
  });
  // Each answer is further than the one before: no piece was taken twice.
  expect(answered).toEqual([...new Set(answered)].sort((a, b) => a - b));
}, 60_000);

/** What the server says that it has: no less than it had answered. */
async function haveOf(client: TestClient, answered: readonly number[]): Promise<number> {
  const { blobs } = expectType(await client.next('blob-want'), 'blob-want');
  const have = blobs[0]?.have ?? 0;
  expect(have).toBeGreaterThanOrEqual(answered.at(-1) ?? 0);
  return have;
}

/** Sends pieces ahead of their answers, until so many were answered or the blob is whole. */
async function sendPieces(
  client: TestClient,
  blob: TestBlob,
  from: number,
  count: number,
  answered: number[],
): Promise<void> {
  const { digest, bytes } = blob;
  let offset = from;
  const underWay: Promise<number>[] = [];
  for (let i = 0; i < count; ) {
    while (underWay.length < WINDOW && offset < blob.length) {
      underWay.push(put(offset));
      offset += MAX_BLOB_PIECE_BYTES;
    }
    const next = underWay.shift();
    if (next === undefined) break;
    answered.push(await next);
    i += 1;
  }
  // The server is killed in the middle of these.
  if (count === 0) underWay.push(put(offset));
  for (const each of underWay) each.catch(() => {});

  async function put(at: number): Promise<number> {
    const piece = bytes.subarray(at, at + MAX_BLOB_PIECE_BYTES);
    const answer = await client.ask((request) => ({ type: 'blob-put', request, digest, offset: at, bytes: piece }));
    return expectType(answer, 'blob-have').have;
  }
}

async function download(client: TestClient, { digest, length }: TestBlob): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < length; offset += MAX_BLOB_PIECE_BYTES) {
    const range = { offset, maxBytes: MAX_BLOB_PIECE_BYTES };
    const answer = await client.ask((request) => {
      return { type: 'blob-get', request, collection: 'notes', id: 'a', digest, ...range };
    });
    parts.push(expectType(answer, 'blob-part').bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}

async function withServer(use: (server: ServerProcess) => Promise<void>): Promise<void> {
  const server = await startCli({ cwd: directory.path });
  try {
    await use(server);
  } finally {
    await server.kill('SIGKILL');
  }
}

function open({ port }: ServerProcess): Promise<TestClient> {
  return openClient(`ws://127.0.0.1:${port}/sync`, '', 'anna');
}
