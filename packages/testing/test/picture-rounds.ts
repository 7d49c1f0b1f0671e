import { createHash } from 'node:crypto';
import { createDatabase, type Replication, replicate } from '@breakwater/client';
import { down, up } from '@breakwater/protocol';
import { addRxPlugin } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { type ServerProcess, startCli } from '../../../server/test/server-process.ts';
import { type CuttableSockets, createCuttableSockets } from '../src/cuttable-sockets.ts';
import { createRandom } from '../src/random.ts';
import { worldCollections } from '../src/world.ts';

addRxPlugin(RxDBAttachmentsPlugin);

export interface PictureRounds {
  /** Where the server keeps its data while it is killed. */
  readonly cwd: string;
  readonly pictures: number;
  readonly bytesEach: number;
  readonly pictureSeed: number;
}

export interface PictureReport {
  /** Pictures that arrived on the other device as they were. */
  readonly identical: number;
  /** Pieces that went up for a blob of which the server had said that it is whole. */
  readonly repeated: number;
  /** Bytes that went up for one byte of picture. */
  readonly bytesPerByte: number;
}

const PICTURES_PER_NOTE = 10;

/** Queues pictures offline, then uploads them while the socket is cut three times and the server is killed once. */
export async function uploadPictures({ cwd, pictures, bytesEach, pictureSeed }: PictureRounds): Promise<PictureReport> {
  const random = createRandom(pictureSeed);
  let server = await startCli({ cwd });
  const { port } = server;
  const sockets = createCuttableSockets();
  const watch = watchUploads(sockets);
  const one = await openDevice(port, sockets);
  const two = await openDevice(port, createCuttableSockets());
  one.sync.pause();
  const digests: string[] = [];
  for (let i = 0; i < pictures; i++) {
    const id = `note ${Math.floor(i / PICTURES_PER_NOTE)}`;
    const note = (await one.notes.findOne(id).exec()) ?? (await one.notes.insert({ id, title: id }));
    const bytes = Uint8Array.from({ length: bytesEach }, () => random.int(256));
    await note.putAttachment({ id: `picture ${i}`, data: new Blob([bytes]), type: 'image/png' });
    digests.push(createHash('sha256').update(bytes).digest('hex'));
  }

  one.sync.start();
  const total = pictures * bytesEach;
  for (let cut = 1; cut <= 3; cut++) {
    await watch.reached((total * cut) / 5);
    sockets.cut();
  }
  await watch.reached((total * 4) / 5);
  await server.kill('SIGKILL');
  server = await restart(cwd, port);

  await one.sync.awaitInSync();
  await two.sync.awaitInSync();
  const identical = await countIdentical(two, digests);
  await one.database.close();
  await two.database.close();
  await server.kill('SIGKILL');
  return { identical, repeated: watch.repeated, bytesPerByte: watch.bytes / total };
}

/** On the port that the devices know. */
function restart(cwd: string, port: number): Promise<ServerProcess> {
  return startCli({ cwd, env: { PORT: String(port) } });
}

type Device = Awaited<ReturnType<typeof openDevice>>;

async function countIdentical({ notes, sync }: Device, digests: readonly string[]): Promise<number> {
  const arrived = new Set<string>();
  for (const note of await notes.find().exec()) {
    for (const attachment of note.allAttachments()) {
      const data = await sync.attachmentData(attachment, { wait: true });
      arrived.add(
        createHash('sha256')
          .update(new Uint8Array(await data.arrayBuffer()))
          .digest('hex'),
      );
    }
  }
  return digests.filter((digest) => arrived.has(digest)).length;
}

async function openDevice(port: number, { webSocket }: CuttableSockets) {
  const database = await createDatabase({
    name: `pictures-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections: worldCollections,
    multiInstance: false,
  });
  const sync: Replication = replicate(database, {
    url: `ws://127.0.0.1:${port}/sync`,
    webSocket,
    backoff: { minMs: 10, maxMs: 200 },
    breaker: { failures: 1_000 },
  });
  return { database, notes: database.notes, sync };
}

/** What goes up, and what the server says to it. */
function watchUploads(sockets: CuttableSockets) {
  const digestByRequest = new Map<number, string>();
  const wholeDigests = new Set<string>();
  const lengthByDigest = new Map<string, number>();
  let bytes = 0;
  let repeated = 0;
  let awaited: { readonly bytes: number; readonly resolve: () => void } | undefined;

  sockets.onSend = (frame) => {
    const message = up.decode(frame);
    if (message?.type !== 'blob-put') return;
    if (wholeDigests.has(message.digest)) repeated += 1;
    digestByRequest.set(message.request, message.digest);
    bytes += message.bytes.length;
    if (awaited !== undefined && bytes >= awaited.bytes) awaited.resolve();
  };
  sockets.onHear = (frame) => {
    const message = down.decode(frame);
    if (message?.type === 'blob-want')
      for (const { digest, length } of message.blobs) lengthByDigest.set(digest, length);
    if (message?.type !== 'blob-have') return;
    const digest = digestByRequest.get(message.request) ?? '';
    if (message.have === lengthByDigest.get(digest)) wholeDigests.add(digest);
  };

  return {
    get bytes() {
      return bytes;
    },
    get repeated() {
      return repeated;
    },
    reached: (bound: number) =>
      new Promise<void>((resolve) => {
        awaited = { bytes: bound, resolve };
        if (bytes >= bound) resolve();
      }),
  };
}
