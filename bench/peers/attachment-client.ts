/* A client as apps have them: an RxDB database whose files are attachments. */
import { randomBytes } from 'node:crypto';
import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { addRxPlugin } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom, map } from 'rxjs';
import { nowMs, serve } from '../child.ts';
import { countingSocket, type WireCount } from '../counting-socket.ts';
import { makeNote, notesSchema } from '../note-rows.ts';
import type { AttachmentClientApi } from './file-peer.ts';

addRxPlugin(RxDBAttachmentsPlugin);

const collections = defineCollections({ notes: { schema: { ...notesSchema, attachments: {} } } });

const ALBUM = makeNote(0);
const NOTE = makeNote(1);

type Client = Awaited<ReturnType<typeof openClient>>;

let client: Client | undefined;
let files: Buffer<ArrayBuffer>[] = [];
let allHere: Promise<number> | undefined;
let shown: Promise<number> | undefined;

serve<AttachmentClientApi>({
  async open(port) {
    client = await openClient(port);
    await client.sync.awaitInSync();
  },

  async begin() {
    const { notes, sync } = opened();
    await notes.bulkInsert([ALBUM, NOTE]);
    await sync.awaitInSync();
  },

  make(count, bytes) {
    files = Array.from({ length: count }, () => randomBytes(bytes) as Buffer<ArrayBuffer>);
  },

  async send() {
    const began = nowMs();
    let album = await opened().notes.findOne(ALBUM.id).exec(true);
    for (const [i, bytes] of files.entries()) {
      const type = 'application/octet-stream';
      await album.putAttachment({ id: `file ${i}`, data: new Blob([bytes], { type }), type });
      album = album.getLatest();
    }
    return began;
  },

  async expect(count) {
    const { notes, sync } = opened();
    const known = new Set<string>();
    let here = 0;
    allHere = new Promise((resolve, reject) => {
      notes.findOne(ALBUM.id).$.subscribe((album) => {
        for (const attachment of album?.allAttachments() ?? []) {
          if (known.has(attachment.id)) continue;
          known.add(attachment.id);
          sync.attachmentData(attachment, { wait: true }).then(() => ++here === count && resolve(nowMs()), reject);
        }
      });
    });
    await notes.findOne(ALBUM.id).exec();
  },

  arrived: () => required(allHere, 'nothing is expected'),

  wire: () => ({ sent: opened().sent, received: opened().received }),

  async edit(body) {
    const note = await opened().notes.findOne(NOTE.id).exec(true);
    const began = nowMs();
    await note.patch({ body });
    return began;
  },

  async watch(body) {
    const { notes } = opened();
    shown = firstValueFrom(
      notes.findOne(NOTE.id).$.pipe(
        filter((note) => note?.body === body),
        map(nowMs),
      ),
    );
    // The first result of the query is there before the clock starts.
    await notes.findOne(NOTE.id).exec();
  },

  seen: () => required(shown, 'nothing is looked out for'),

  underWay: async () => (await firstValueFrom(opened().sync.transfers$)).length,
});

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
  return { notes: database.notes, sync, sent, received };
}

function opened(): Client {
  return required(client, 'the client is not open');
}

function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}
