import type { Note } from '../data/note.ts';
import { createThrottle } from '../throttle.ts';
import { replaceText, type TextField } from './caret.ts';

/** Ties one field of the editor to one field of the note, in both directions. */
export interface FieldBinding {
  /** The note as it stands now. */
  show(note: Note): void;
  /** Saves at once what has been typed. */
  flush(): void;
  /** Another note is opened: what was typed before belongs to the old one. */
  reset(): void;
}

interface BindingOptions<T> {
  readonly element: HTMLElement;
  readonly read: (note: Note) => T;
  /** Writes the value and answers the note with it; undefined if that failed. */
  readonly save: (value: T) => Promise<Note | undefined>;
}

export interface TextBindingOptions extends BindingOptions<string> {
  readonly element: TextField;
  /** What `read` will make of a text once it is saved; a field that says the same in other letters is left alone. */
  readonly tidy?: (text: string) => string;
}

/** How often a field is saved while someone types, in milliseconds. */
const SAVE_INTERVAL_MS = 150;

/** A field without a keystroke for this long is no longer being typed in, in milliseconds. */
const TYPING_MS = 1500;

/**
 * While someone types in a field, it is theirs: changes from elsewhere wait until they pause or leave it. Everywhere
 * else changes appear at once, and the caret stays with the text around it.
 */
export function bindText({ element, read, save, tidy = (text) => text }: TextBindingOptions): FieldBinding {
  let isUnsaved = false;
  let typingTimer: ReturnType<typeof setTimeout> | undefined;
  let isComposing = false;

  const stored = createStored({ read, save, render });
  const requestSave = createThrottle(flush, SAVE_INTERVAL_MS);

  element.addEventListener('input', () => {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(endTyping, TYPING_MS);
    isUnsaved = true;
    requestSave();
  });
  element.addEventListener('blur', () => {
    flush();
    endTyping();
  });
  element.addEventListener('compositionstart', () => {
    isComposing = true;
  });
  element.addEventListener('compositionend', () => {
    isComposing = false;
  });

  function flush(): void {
    if (!isUnsaved) return;
    isUnsaved = false;
    stored.write(element.value);
  }

  function endTyping(): void {
    clearTimeout(typingTimer);
    typingTimer = undefined;
    stored.render();
  }

  function render(text: string): void {
    const isTyping = typingTimer !== undefined || isComposing;
    if (!isTyping && tidy(element.value) !== text) replaceText(element, text);
  }

  return {
    show: stored.show,
    flush,
    reset() {
      flush();
      clearTimeout(typingTimer);
      typingTimer = undefined;
      stored.forget();
    },
  };
}

interface Stored<T> {
  show(note: Note): void;
  write(value: T): void;
  render(): void;
  forget(): void;
}

type StoredOptions<T> = Omit<BindingOptions<T>, 'element'> & { readonly render: (value: T) => void };

/** What the database has for a field. While a write is under way it still tells the old value, which must not be shown. */
function createStored<T>({ read, save, render }: StoredOptions<T>): Stored<T> {
  let latest: { readonly value: T } | undefined;
  let writes = new Set<symbol>();

  function renderLatest(): void {
    if (latest !== undefined && writes.size === 0) render(latest.value);
  }

  return {
    show(note) {
      latest = { value: read(note) };
      renderLatest();
    },
    write(value) {
      const write = Symbol();
      const siblings = writes.add(write);
      void save(value).then((note) => {
        siblings.delete(write);
        // After forget() the set is another one: the answer is about a note that is no longer shown.
        if (siblings !== writes) return;
        if (note !== undefined) latest = { value: read(note) };
        renderLatest();
      });
    },
    render: renderLatest,
    forget() {
      latest = undefined;
      writes = new Set();
    },
  };
}
