import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openYClient, type YClient } from '../../../server/test/y-client.ts';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

let server: WorldServer;
let client: WorldClient;
const editors: YClient[] = [];

beforeEach(async () => {
  server = await startWorldServer();
  client = await openWorldClient({ name: 'rooms', url: server.url, storage: getRxStorageMemory(), random: () => 0 });
});

afterEach(async () => {
  for (const editor of editors.splice(0)) editor.close();
  await client.end();
  await server.end();
});

function edit(id: string): YClient {
  const editor = openYClient(server.url.replace('/sync', ''), `doc/notes/${id}`);
  editors.push(editor);
  return editor;
}

it('[RM40] what is typed in a room is in the documents of those who only follow', async () => {
  const doc = await client.notes.insert({ id: 'a', title: 'Hull', body: 'old' });
  expect(await client.sync.confirm(doc)).toBe('stored');
  const editor = edit('a');
  await editor.synced();
  expect(editor.text.toString()).toBe('old');
  editor.text.insert(3, ' and new');
  await expect
    .poll(
      () =>
        client.notes
          .findOne('a')
          .exec()
          .then((note) => note?.body),
      WAIT,
    )
    .toBe('old and new');
});

it('[RM41] a plain edit elsewhere comes into the open room, and both come together', async () => {
  const doc = await client.notes.insert({ id: 'a', title: 'Hull', body: 'one two' });
  await client.sync.confirm(doc);
  const editor = edit('a');
  await editor.synced();
  editor.text.insert(0, 'zero ');
  await doc.patch({ body: 'one two three' });
  await editor.until(() => editor.text.toString() === 'zero one two three');
  await expect
    .poll(
      () =>
        client.notes
          .findOne('a')
          .exec()
          .then((note) => note?.body),
      WAIT,
    )
    .toBe('zero one two three');
});

/** The server brings into rows at most once a second what is typed. */
const WAIT = { timeout: 5_000 };
