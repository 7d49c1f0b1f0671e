import { type LiveDocument, type NoteDocument, type Replication, userColors } from '../data/database.ts';
import { partOf } from '../dom.ts';
import { createThrottle } from '../throttle.ts';

/** The note's text, typed together with whoever has the note open. */
export interface BodyEditor {
  /** Shows a note's text; of the one that is shown already, nothing changes. */
  show(note: NoteDocument): void;
  /** Resolves once every letter that was typed is in the note. */
  flush(): Promise<void>;
  close(): void;
}

export interface BodyEditorOptions {
  readonly root: HTMLElement;
  readonly sync: Replication;
  /** Stands at this device's cursor on the others. */
  readonly deviceName: string;
  /** Somebody types here; told every now and then. */
  readonly onTyped: (note: NoteDocument) => void;
  readonly onError: (error: unknown) => void;
}

/** How often it is told that somebody types, in milliseconds. */
const TYPED_INTERVAL_MS = 2000;

export function createBodyEditor(options: BodyEditorOptions): BodyEditor {
  const host = partOf(options.root, 'note-body', HTMLElement);
  let shown: ({ readonly note: NoteDocument } & Editing) | undefined;

  function close(): void {
    shown?.close();
    shown = undefined;
    host.replaceChildren();
  }

  return {
    close,
    show(note) {
      if (shown?.note.id === note.id) return;
      close();
      // At once; the editor takes its place when it is loaded.
      host.textContent = note.body;
      shown = { note, ...edit(host, note, options) };
    },
    flush: async () => shown?.flush(),
  };
}

interface Editing {
  flush(): Promise<void>;
  close(): void;
}

function edit(host: HTMLElement, note: NoteDocument, options: BodyEditorOptions): Editing {
  const { sync, deviceName, onTyped, onError } = options;
  let isOver = false;
  let end = () => {};
  let flush = async () => {};

  async function open(): Promise<void> {
    // Who only looks at the list loads no editor.
    const [{ createTextEditor }, live] = await Promise.all([import('./text-editor.ts'), sync.open(note)]);
    if (isOver) return live.close();
    live.awareness.setLocalStateField('user', { name: deviceName, ...userColors(deviceName) });
    // Told once it is saved: then whoever sees that the note has changed can rely on it.
    const tellTyped = createThrottle(() => void live.flush().then(() => onTyped(note)), TYPED_INTERVAL_MS);
    live.doc.on('update', (_update, _origin, _doc, { local }) => local && tellTyped());
    const editor = createTextEditor({
      text: live.text('body'),
      awareness: live.awareness,
      undoManager: live.undoManager('body'),
    });
    host.replaceChildren(editor.dom);
    flush = live.flush;
    end = () => {
      editor.destroy();
      live.close().catch(onError);
    };
    void live.closed.then(({ reason }) => onClosed(reason));
  }

  async function onClosed(reason: Awaited<LiveDocument['closed']>['reason']): Promise<void> {
    const isStillThere = reason === 'set-back' || reason === 'unsupported' || reason === 'replaced';
    if (isOver || !isStillThere) return;
    end();
    await open();
  }

  open().catch(onError);
  return {
    flush: () => flush(),
    close() {
      isOver = true;
      end();
    },
  };
}
