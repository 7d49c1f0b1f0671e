import { createDatabase, defineCollections, replicate } from '@breakwater/client';
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
type Note = Awaited<ReturnType<typeof db.notes.insert>>;

const form = find('form', HTMLFormElement);
const list = find('ul', HTMLUListElement);
const state = find('output', HTMLOutputElement);
const items = new Map<string, { readonly element: HTMLElement; show(note: Note): void }>();

sync.status$.subscribe((status) => {
  state.value = status.state;
});

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = String(new FormData(form).get('text'));
  form.reset();
  // Ids that begin with the time sort by it.
  await db.notes.insert({ id: `${Date.now()}-${crypto.randomUUID()}`, text, done: false });
});

// Local writes and those of other devices come the same way.
db.notes.find({ sort: [{ id: 'asc' }] }).$.subscribe((notes) => {
  const gone = new Set(items.keys());
  for (const [at, note] of notes.entries()) {
    gone.delete(note.id);
    const { element, show } = items.get(note.id) ?? addItem(note);
    show(note);
    // One that is moved loses the focus.
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  }
  for (const id of gone) {
    items.get(id)?.element.remove();
    items.delete(id);
  }
});

function addItem({ id }: Note) {
  const done = Object.assign(document.createElement('input'), { type: 'checkbox', ariaLabel: 'Done' });
  const text = Object.assign(document.createElement('input'), { ariaLabel: 'Text' });
  const remove = Object.assign(document.createElement('button'), { textContent: 'Remove' });
  const element = document.createElement('li');
  element.append(done, text, remove);

  const find = () => db.notes.findOne(id);
  done.onchange = () => find().incrementalPatch({ done: done.checked });
  text.onchange = () => find().incrementalPatch({ text: text.value });
  remove.onclick = () => find().incrementalRemove();
  const item = {
    element,
    show(note: Note) {
      done.checked = note.done;
      // What is being typed stays.
      if (text !== document.activeElement) text.value = note.text ?? '';
    },
  };
  items.set(id, item);
  return item;
}

function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}
