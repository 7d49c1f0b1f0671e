import type { Scheduler } from '../scheduler.ts';
import type { Transfer as ShownTransfer } from '../status.ts';

/** Bytes of an attachment on their way, as the tabs tell each other of them. */
export interface TransferState extends Omit<ShownTransfer, 'cancel'> {
  /** Names it among those of now. */
  readonly key: number;
}

export interface Transfer {
  /** So many bytes are through. */
  moved(bytes: number): void;
  become(state: TransferState['state']): void;
  end(): void;
}

export interface Transfers {
  readonly states: readonly TransferState[];
  begin(what: Omit<TransferState, 'key' | 'bytesPerSecond'>, onCancel: () => void): Transfer;
  cancel(key: number): void;
}

/** Progress is told this often at most, in milliseconds. */
const TELL_EVERY_MS = 250;
/** The rate is that of so many milliseconds. */
const RATE_OVER_MS = 3_000;

interface Entry {
  state: TransferState;
  readonly onCancel: () => void;
  /** How much was through when. */
  marks: { readonly at: number; readonly bytes: number }[];
}

/** @param onChange is called with the list: at once when it has others than before, else every quarter of a second at most. */
export function createTransfers(scheduler: Scheduler, onChange: (states: readonly TransferState[]) => void): Transfers {
  const entryByKey = new Map<number, Entry>();
  let lastKey = 0;
  let cancelTelling: (() => void) | undefined;

  function states(): TransferState[] {
    return [...entryByKey.values()].map(({ state }) => state);
  }

  function tell(): void {
    cancelTelling?.();
    cancelTelling = undefined;
    onChange(states());
  }

  function tellLater(): void {
    cancelTelling ??= scheduler.after(TELL_EVERY_MS, tell);
  }

  function note(entry: Entry, bytes: number): void {
    const at = scheduler.now();
    const { marks } = entry;
    const last = marks.at(-1);
    if (last === undefined || at - last.at >= TELL_EVERY_MS)
      marks.push({ at, bytes: last ? bytes : entry.state.bytes });
    entry.marks = marks.filter((mark) => at - mark.at <= RATE_OVER_MS);
    const [first] = entry.marks;
    const rate = first === undefined || at === first.at ? 0 : ((bytes - first.bytes) / (at - first.at)) * 1_000;
    entry.state = { ...entry.state, bytes, bytesPerSecond: Math.max(0, Math.round(rate)) };
  }

  return {
    get states() {
      return states();
    },
    begin(what, onCancel) {
      const key = ++lastKey;
      const entry: Entry = { state: { ...what, key, bytesPerSecond: 0 }, onCancel, marks: [] };
      entryByKey.set(key, entry);
      tell();
      return {
        moved(bytes) {
          note(entry, bytes);
          tellLater();
        },
        become(state) {
          if (state === entry.state.state) return;
          entry.marks = [];
          entry.state = { ...entry.state, state, bytesPerSecond: 0 };
          tell();
        },
        end() {
          if (entryByKey.delete(key)) tell();
        },
      };
    },
    cancel: (key) => entryByKey.get(key)?.onCancel(),
  };
}
