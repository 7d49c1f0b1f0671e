import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { addRxPlugin } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { countingSocket, type WireCount } from './counting-socket.ts';
import { quantile, timeMs } from './measure.ts';
import { notesDefinition } from './notes.ts';
import type { Result } from './result.ts';
import { startServerProcess } from './server-process.ts';

const FILES = 20;
const FILE_BYTES = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const EDITS = 100;
/** Together 100 MiB, longer under way than the edits take. */
const LARGE_FILES = 10;
const LARGE_BYTES = 10 * 1024 * 1024;

addRxPlugin(RxDBAttachmentsPlugin);

const collections = defineCollections({
  notes: { schema: { ...notesDefinition.schema, attachments: {} } },
});

/** Files from one client to the other, and edits while files go up. */
export async function measureBlobs(): Promise<Result[]> {
  const files = Array.from({ length: FILES }, () => randomBytes(FILE_BYTES));
  const floorMs = await floorFiles(files);
  const ours = await ourFiles(files);
  const quiet = await editLatencies(0);
  const busy = await editLatencies(LARGE_FILES);
  const bytes = FILES * FILE_BYTES;
  return [
    { name: `${FILES} files of 1 MiB to the other`, unit: 'ms', floor: floorMs, ours: ours.ms, goal: { ratio: 2 } },
    { name: 'bytes sent for a byte of file', unit: 'B', floor: 1, ours: ours.up.bytes / bytes, goal: { ratio: 1.02 } },
    {
      name: 'bytes received for a byte of file',
      unit: 'B',
      floor: 1,
      ours: ours.down.bytes / bytes,
      goal: { ratio: 1.02 },
    },
    {
      name: `patch to the other's query while 100 MiB go up, p95 (floor: while nothing does)`,
      unit: 'ms',
      floor: quantile(quiet, 0.95),
      ours: quantile(busy, 0.95),
      goal: { ratio: 3 },
    },
  ];
}

async function floorFiles(files: readonly Buffer[]): Promise<number> {
  const server = await startServerProcess('./floor-blob-server.ts');
  const [writer, reader] = [await connect(server.port), await connect(server.port)];
  let left = files.length;
  const received = new Promise<void>((resolve) => {
    reader.on('message', (data: Buffer) => data.length === 0 && --left === 0 && resolve());
  });
  const ms = await timeMs(async () => {
    for (const file of files) {
      const stored = once(writer, 'message');
      for (let at = 0; at < file.length; at += PIECE_BYTES) writer.send(file.subarray(at, at + PIECE_BYTES));
      writer.send('');
      await stored;
    }
    await received;
  });
  for (const socket of [writer, reader]) socket.terminate();
  await server.end();
  return ms;
}

async function connect(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

async function ourFiles(files: readonly Buffer[]): Promise<{ ms: number; up: WireCount; down: WireCount }> {
  const server = await startServerProcess('./peers/breakwater-server.ts');
  const [writer, reader] = [await openClient(server.port), await openClient(server.port)];
  await writer.notes.insert(note('album'));
  await Promise.all([writer.sync.awaitInSync(), reader.sync.awaitInSync()]);
  const [up, down] = [{ ...writer.sent }, { ...reader.received }];
  const seen = new Set<string>();
  let arrived = () => {};
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const subscription = reader.notes.findOne('album').$.subscribe((doc) => {
    for (const attachment of doc?.allAttachments() ?? []) {
      if (seen.has(attachment.id)) continue;
      seen.add(attachment.id);
      void reader.sync.attachmentData(attachment, { wait: true }).then(() => {
        if (++here === files.length) arrived();
      });
    }
  });
  let here = 0;
  const ms = await timeMs(async () => {
    let doc = await writer.notes.findOne('album').exec(true);
    for (const [i, file] of files.entries()) {
      await doc.putAttachment({ id: `file ${i}`, data: blobOf(file), type: 'application/octet-stream' });
      doc = doc.getLatest();
    }
    await all;
  });
  subscription.unsubscribe();
  await writer.database.close();
  await reader.database.close();
  await server.end();
  return {
    ms,
    up: { bytes: writer.sent.bytes - up.bytes },
    down: { bytes: reader.received.bytes - down.bytes },
  };
}

/** Milliseconds from a patch to the other's query, while so many large files go up. */
async function editLatencies(files: number): Promise<number[]> {
  const server = await startServerProcess('./peers/breakwater-server.ts');
  const [writer, reader] = [await openClient(server.port), await openClient(server.port)];
  await writer.notes.bulkInsert([note('edited'), note('album')]);
  await Promise.all([writer.sync.awaitInSync(), reader.sync.awaitInSync()]);
  let album = await writer.notes.findOne('album').exec(true);
  for (let i = 0; i < files; i++) {
    await album.putAttachment({
      id: `file ${i}`,
      data: blobOf(randomBytes(LARGE_BYTES)),
      type: 'application/octet-stream',
    });
    album = album.getLatest();
  }
  const latencies: number[] = [];
  for (let i = 0; i < EDITS; i++) {
    const doc = await writer.notes.findOne('edited').exec(true);
    const body = `edit ${i}`;
    const seen = firstValueFrom(reader.notes.findOne('edited').$.pipe(filter((found) => found?.body === body)));
    latencies.push(
      await timeMs(async () => {
        await doc.patch({ body });
        await seen;
      }),
    );
  }
  const underWay = await firstValueFrom(writer.sync.transfers$);
  if (files > 0 && underWay.length === 0) throw new Error('the files were up before the edits were done');
  await writer.database.close();
  await reader.database.close();
  await server.end();
  return latencies;
}

function note(id: string) {
  return { id, title: id, updatedAt: 1_700_000_000_000 };
}

function blobOf(bytes: Buffer): Blob {
  return new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' });
}

async function openClient(port: number) {
  const database = await createDatabase({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
  const sent: WireCount = { bytes: 0 };
  const received: WireCount = { bytes: 0 };
  const sync = replicate(database, {
    url: `ws://127.0.0.1:${port}/sync`,
    webSocket: (url) => countingSocket(url, sent, received),
  });
  return { database, notes: database.notes, sync, sent, received };
}
