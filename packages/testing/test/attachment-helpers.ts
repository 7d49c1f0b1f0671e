import { randomUUID } from 'node:crypto';
import { addRxPlugin, getChangedDocumentsSince, type RxAttachment, type RxStorage } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { expect } from 'vitest';
import { judge, toHoldings } from '../src/judge.ts';
import { createRandom } from '../src/random.ts';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { reportOn, statesOf } from '../src/world-judge.ts';

addRxPlugin(RxDBAttachmentsPlugin);

export type NoteAttachment = RxAttachment<{ id: string; title: string }>;

/** Bytes that compress as badly as those of an image, the same for the same seed. */
export function noise(bytes: number, seed = 1): Blob {
  const random = createRandom(seed);
  return new Blob([Uint8Array.from({ length: bytes }, () => random.int(256))]);
}

/** A server and devices on one kind of storage. */
export interface AttachmentWorld {
  readonly server: WorldServer;
  device(name: string): Promise<WorldClient>;
  /** Waits until these devices hold what the server holds, and nothing is pending. */
  inStep(...devices: readonly WorldClient[]): Promise<void>;
  end(): Promise<void>;
}

export async function openAttachmentWorld(
  storage: () => RxStorage<unknown, unknown>,
  options: Parameters<typeof startWorldServer>[0] = {},
): Promise<AttachmentWorld> {
  const server = await startWorldServer(options);
  const devices: WorldClient[] = [];
  return {
    server,
    async device(name) {
      const device = await openWorldClient({
        name: `${name}-${randomUUID()}`,
        url: server.url,
        storage: storage(),
        random: Math.random,
      });
      devices.push(device);
      return device;
    },
    async inStep(...those) {
      await Promise.all(those.map(({ sync }) => sync.awaitInSync()));
      const report = async () => judge(toHoldings(statesOf(server)), await Promise.all(those.map(reportOn)));
      await expect.poll(report, { timeout: 10_000 }).toEqual([]);
    },
    async end() {
      await Promise.all(devices.map((device) => device.end()));
      await server.end();
    },
  };
}

export async function attach({ notes }: WorldClient, id: string, name: string, data: Blob): Promise<void> {
  const note = (await notes.findOne(id).exec()) ?? (await notes.insert({ id, title: 'with a picture' }));
  await note.putAttachment({ id: name, data, type: 'image/png' });
}

export async function attachmentOf({ notes }: WorldClient, id: string, name: string): Promise<NoteAttachment> {
  const note = await notes.findOne(id).exec(true);
  const attachment = note.getAttachment(name);
  if (attachment === null) throw new Error(`'${id}' has no attachment '${name}'`);
  return attachment as unknown as NoteAttachment;
}

/** Their names and lengths. */
export async function attachmentsOf({ notes }: WorldClient, id: string): Promise<{ [name: string]: number }> {
  const note = await notes.findOne(id).exec(true);
  return Object.fromEntries(note.allAttachments().map((each) => [each.id, each.length]));
}

/** Waits until the server has the bytes: until then another device cannot fetch them. */
export async function uploaded(server: WorldServer, digest: string): Promise<void> {
  await expect.poll(() => server.store.blobs.isStored('default', digest), { timeout: 10_000 }).toBe(true);
}

export async function expectBytes(actual: Blob, expected: Blob): Promise<void> {
  expect(Buffer.from(await actual.arrayBuffer()).equals(Buffer.from(await expected.arrayBuffer()))).toBe(true);
}

export async function revisionOf({ notes }: WorldClient, id: string): Promise<string> {
  const [stored] = await notes.storageInstance.findDocumentsById([id], false);
  return stored?._rev ?? '';
}

/** How many blobs wait beside the inbox. */
export async function keptBytes(client: WorldClient): Promise<number> {
  return (await internalDocuments(client, 'breakwater-bytes-')).length;
}

/** As an app leaves it that ends while something refused is settled: the bytes are there, what names them is not. */
export async function loseRefusals(client: WorldClient): Promise<void> {
  const { internalStore } = client.notes.database;
  const refusals = await internalDocuments(client, 'breakwater-refused-');
  const rows = refusals.map((previous) => ({ previous, document: { ...previous, _deleted: true } }));
  await internalStore.bulkWrite(rows, 'test');
}

async function internalDocuments({ notes }: WorldClient, prefix: string) {
  const { documents } = await getChangedDocumentsSince(notes.database.internalStore, 1_000);
  return documents.filter(({ key, _deleted }) => key.startsWith(prefix) && !_deleted);
}
