import { createDatabase, defineCollections, replicate, userColors } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';

const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 100 }, body: { type: 'string' } },
    },
    merge: { body: 'text' },
  },
});

/** Opens the note 'log' and writes a line at its end, wherever that is by then. */
export async function writeLine(url: string, name: string, line: string) {
  const db = await createDatabase({ name: `logbook-${name}`, storage: getRxStorageMemory(), collections });
  const sync = replicate(db, { url });
  await sync.awaitInitialReplication();
  const note = (await db.notes.findOne('log').exec()) ?? (await db.notes.insert({ id: 'log', body: '' }));

  const live = await sync.open(note); // at once, with or without a network
  live.awareness.setLocalStateField('user', { name, ...userColors(name) });

  const text = live.text('body'); // a Y.Text: what an editor's binding takes
  text.insert(text.length, `${line}\n`);

  await live.close(); // what was typed is in the document on this device
  await sync.awaitInSync(); // and on the server
  return { db, text: () => db.notes.findOne('log').exec(true) };
}
