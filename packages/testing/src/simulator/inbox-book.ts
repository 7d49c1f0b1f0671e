import type { LocalRow, RefusedRecord } from '@breakwater/client/sync';
import { plainFields } from '@breakwater/client/sync';
import { type Path, sameValue, valueAt } from '@breakwater/crdt';

/** Holds the inboxes of the devices against what was refused. */
export interface InboxBook {
  /** A row went back, and these fields of it are nowhere else any more. */
  wentBack(device: string, back: WentBack): void;
  kept(device: string, key: string, record: RefusedRecord): void;
  removed(device: string, key: string): void;
  /** The user writes these again, or forgets them. */
  began(device: string, action: 'write again' | 'discard', records: readonly RecordName[]): void;
  /** A batch of the device has reached its disk as a whole. */
  batchWritten(device: string): void;
  ended(device: string): void;
  /** The app is gone. */
  interrupted(device: string): void;
  readonly faults: readonly string[];
  /** What is wrong with the inboxes once everything is quiet. */
  faultsInQuiet(): string[];
}

export interface WentBack {
  readonly collection: string;
  readonly before: LocalRow;
  /** Registers whose values it has lost. Of what is no register it may have lost something, too. */
  readonly lost: readonly Path[];
}

/** What the app sees of a record. */
export interface RecordName {
  readonly collection: string;
  readonly id: string;
  readonly at: number;
  readonly batch?: string;
  readonly document: object;
}

interface Kept {
  record: RefusedRecord;
  /** Did the row really go back? Until then the record says what may become of it. */
  isTrue: boolean;
}

interface Action {
  readonly device: string;
  readonly action: 'write again' | 'discard';
  readonly records: readonly Kept[];
  isWritten: boolean;
}

export function createInboxBook(): InboxBook {
  const keptByDevice = new Map<string, Map<string, Kept>>();
  const actionByDevice = new Map<string, Action>();
  /** What comes of these is certain only once the app has started again. */
  let interrupted: Action[] = [];
  const faults: string[] = [];

  function inboxOf(device: string): Map<string, Kept> {
    const inbox = keptByDevice.get(device) ?? new Map<string, Kept>();
    keptByDevice.set(device, inbox);
    return inbox;
  }

  /** What the action has left in the inbox. */
  function judgeAction({ device, action, records, isWritten }: Action, wasInterrupted = false): void {
    const inbox = new Set(inboxOf(device).values());
    const left = records.filter((kept) => inbox.has(kept));
    // To remove again what is gone by now, nothing has to be written.
    const isNothing = records.every(({ record }) => record.kind === 'delete');
    if (action === 'write again' && !isWritten && left.length < records.length && !isNothing) {
      faults.push(`${device}: a refused write is out of the inbox, and was not written again`);
    }
    if (isWritten && left.length > 0)
      faults.push(`${device}: ${nameOf(left)} was written again, and is still in the inbox`);
    // A crash may leave a part of what was discarded: the user sees that once more.
    const isHalf = left.length > 0 && left.length < records.length && !wasInterrupted;
    if (isHalf)
      faults.push(
        `${device}: of what was ${action === 'discard' ? 'discarded' : 'written again'} together a part is in the inbox`,
      );
  }

  /** The app is running again. */
  function judgeInterrupted(device: string): void {
    for (const action of interrupted) if (action.device === device) judgeAction(action, true);
    interrupted = interrupted.filter((action) => action.device !== device);
  }

  return {
    wentBack(device, { collection, before: { id, document }, lost }) {
      const found = [...inboxOf(device).values()].find(({ record }) => {
        return record.collection === collection && record.id === id && record.revision === document._rev;
      });
      if (found !== undefined) found.isTrue = true;
      const fields = plainFields(document);
      const isKept = (path: Path) =>
        found?.record.paths.includes(path) && sameValue(valueAt(found.record.document, path), valueAt(fields, path));
      const missing = lost.filter((path) => !isKept(path));
      if (missing.length > 0)
        faults.push(`${device}: ${collection}/${id} went back and lost ${missing}, not in the inbox`);
    },
    kept(device, key, record) {
      const other = inboxOf(device).get(key);
      if (other?.isTrue) faults.push(`${device}: ${nameOf([other])} was overwritten in the inbox`);
      inboxOf(device).set(key, { record, isTrue: false });
    },
    removed: (device, key) => {
      const kept = inboxOf(device).get(key);
      inboxOf(device).delete(key);
      const actions = [actionByDevice.get(device), ...interrupted.filter((each) => each.device === device)];
      const isMeant = actions.some((action) => kept !== undefined && action?.records.includes(kept));
      if (kept?.isTrue && !isMeant) faults.push(`${device}: ${nameOf([kept])} vanished from the inbox`);
    },

    began(device, action, records) {
      judgeInterrupted(device);
      const kept = [...inboxOf(device).values()].filter(({ record }) => records.some((each) => isOf(record, each)));
      actionByDevice.set(device, { device, action, records: kept, isWritten: false });
    },
    batchWritten(device) {
      const action = actionByDevice.get(device);
      if (action !== undefined) action.isWritten = true;
    },
    ended(device) {
      const action = actionByDevice.get(device);
      actionByDevice.delete(device);
      if (action !== undefined) judgeAction(action);
    },
    interrupted(device) {
      const action = actionByDevice.get(device);
      actionByDevice.delete(device);
      if (action !== undefined) interrupted.push(action);
    },
    faults,
    faultsInQuiet() {
      for (const device of keptByDevice.keys()) judgeInterrupted(device);
      return [...keptByDevice].flatMap(([device, inbox]) =>
        [...inbox.values()]
          .filter(({ isTrue }) => !isTrue)
          .map((kept) => `${device}: ${nameOf([kept])} is in the inbox, but did not go back`),
      );
    },
  };
}

/** The app sees the very document of the record. */
function isOf({ document }: RefusedRecord, name: RecordName): boolean {
  return document === name.document;
}

function nameOf(kept: readonly Kept[]): string {
  return kept.map(({ record }) => `${record.collection}/${record.id}`).join(', ');
}
