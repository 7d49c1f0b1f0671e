import { createDatabase, type DocumentOf, defineCollections, replicate } from '@breakwater/client';
import { useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { RxDatabaseProvider, useLiveRxQuery } from 'rxdb/plugins/react';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';

const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        text: { type: 'string' },
        done: { type: 'boolean' },
      },
      required: ['done'],
    },
    merge: { text: 'text' }, // two people may edit one text at once
  },
});

const db = await createDatabase({ name: 'notes', storage: getRxStorageDexie(), collections });
const sync = replicate(db, { url: `${location.origin.replace('http', 'ws')}/sync` });
type Note = DocumentOf<(typeof collections)['notes']['schema']>;

createRoot(document.querySelector('#app') ?? document.body).render(
  <RxDatabaseProvider database={db}>
    <NewNote />
    <Notes />
    <State />
  </RxDatabaseProvider>,
);

function NewNote() {
  async function add(form: FormData) {
    const text = String(form.get('text'));
    // Ids that begin with the time sort by it.
    await db.notes.insert({ id: `${Date.now()}-${crypto.randomUUID()}`, text, done: false });
  }
  return (
    <form action={add}>
      <input name="text" aria-label="New note" required /> <button type="submit">Add</button>
    </form>
  );
}

/** The same object each time: another one would be another query. */
const all = { collection: 'notes', query: { sort: [{ id: 'asc' as const }] } };

function Notes() {
  // Local writes and those of other devices come the same way.
  const { results } = useLiveRxQuery<Note>(all);
  return (
    <ul>
      {results.map((note) => (
        <li key={note.id}>
          <input
            type="checkbox"
            aria-label="Done"
            checked={note.done}
            onChange={({ target }) => note.incrementalPatch({ done: target.checked })}
          />
          <Text text={note.text ?? ''} write={(text) => note.incrementalPatch({ text })} />
          <button type="button" onClick={() => note.incrementalRemove()}>
            Remove
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Shows what is stored, or what is being typed until it is. */
function Text({ text, write }: { text: string; write(text: string): Promise<unknown> }) {
  const [typed, setTyped] = useState<string>();
  async function leave() {
    if (typed !== undefined) await write(typed);
    setTyped(undefined);
  }
  return (
    <input aria-label="Text" value={typed ?? text} onChange={({ target }) => setTyped(target.value)} onBlur={leave} />
  );
}

function State() {
  const { state } = useSyncExternalStore(subscribe, () => sync.status);
  return <output>{state}</output>;
}

function subscribe(changed: () => void) {
  const subscription = sync.status$.subscribe(changed);
  return () => subscription.unsubscribe();
}
