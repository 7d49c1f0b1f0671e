import {
  type Clock,
  counterPath,
  DELETED,
  type DocumentPlan,
  editRich,
  emptyContent,
  isDeleted,
  isRichKind,
  type Json,
  type JsonObject,
  NO_STAMP,
  newestStamp,
  type Path,
  type Register,
  type RichEdit,
  readDocument,
  type State,
  sameValue,
} from '@breakwater/crdt';
import type { RowKey } from './store.ts';

/** In whose name the server writes. */
export interface Writer {
  readonly clock: Clock;
  /** Yjs's: of this process alone. */
  readonly clientId: number;
  /** Names its registers among those of a counter. */
  readonly replica: string;
}

export interface DocumentWrite {
  readonly plan: DocumentPlan;
  readonly key: RowKey;
  /** What is stored; undefined: nothing. */
  readonly current: State | undefined;
  /** What it shows, without what is filled in. */
  readonly before: JsonObject;
  /** Undefined: it is deleted. */
  readonly after: JsonObject | undefined;
}

/**
 * What is to be merged into a row so that it shows another document: only what differs, stamped now. Undefined: nothing does.
 *
 * @throws ValueError when a value cannot be stored.
 */
export function writeDocument(write: DocumentWrite, writer: Writer): State | undefined {
  const { current, after } = write;
  if (after === undefined) return current && removed(current, writer);
  if (current === undefined || isDeleted(current)) return inserted(write, after, writer);
  return changed(write, current, after, writer);
}

function removed(current: State, { clock }: Writer): State {
  const register = { stamp: clock.next(newestStamp(current)), value: true };
  return { generation: current.generation, registers: new Map([[DELETED, register]]), partial: true };
}

/** Over a tombstone it replaces what was there. */
function inserted({ plan, key, current }: DocumentWrite, after: JsonObject, writer: Writer): State {
  const stamp = writer.clock.next(current === undefined ? NO_STAMP : newestStamp(current));
  const generation = current === undefined ? NO_STAMP : stamp;
  const { leaves, contents } = readDocument(plan, after);
  const registers = new Map<Path, Register>([...leaves].map(([path, value]) => [path, { stamp, value }]));
  const changes = changedContents(plan, new Map(), contents);
  for (const [path, value] of counted(plan, changes, EMPTY, writer)) registers.set(path, { stamp, value });
  const rich = editedRich(plan, changes, undefined, { ...key, generation, clientId: writer.clientId });
  return { generation, registers, partial: false, ...(rich === undefined ? {} : { rich }) };
}

function changed(
  { plan, key, before }: DocumentWrite,
  current: State,
  after: JsonObject,
  writer: Writer,
): State | undefined {
  const [was, is] = [readDocument(plan, before, before), readDocument(plan, after, before)];
  const values = new Map<Path, Json | undefined>();
  for (const [path, value] of is.leaves) if (!sameValue(value, was.leaves.get(path))) values.set(path, value);
  for (const path of was.leaves.keys()) if (!is.leaves.has(path)) values.set(path, undefined);
  const changes = changedContents(plan, was.contents, is.contents);
  for (const [path, value] of counted(plan, changes, current.registers, writer)) values.set(path, value);
  if (values.size === 0 && changes.length === 0) return undefined;
  const stamp = writer.clock.next(newestStamp(current));
  const { generation } = current;
  const rich = editedRich(plan, changes, current.rich, { ...key, generation, clientId: writer.clientId });
  const registers = new Map([...values].map(([path, value]) => [path, { stamp, value }]));
  return { generation, registers, partial: true, ...(rich === undefined ? {} : { rich }) };
}

const EMPTY: State['registers'] = new Map();

interface ContentChange {
  readonly field: string;
  readonly from: Json;
  readonly to: Json;
}

type Contents = ReadonlyMap<string, Json>;

function changedContents({ kinds }: DocumentPlan, before: Contents, after: Contents): ContentChange[] {
  return [...kinds]
    .map(([field, kind]): ContentChange => {
      const empty = emptyContent(kind);
      return { field, from: before.get(field) ?? empty, to: after.get(field) ?? empty };
    })
    .filter(({ from, to }) => !sameValue(from, to));
}

/** The own register of each counter that changed. */
function counted(
  { kinds }: DocumentPlan,
  changes: readonly ContentChange[],
  registers: State['registers'],
  { replica }: Writer,
): [Path, Json][] {
  return changes.flatMap(({ field, from, to }): [Path, Json][] => {
    if (kinds.get(field) !== 'counter') return [];
    const path = counterPath(field, replica);
    const own = registers.get(path)?.value;
    return [[path, (typeof own === 'number' ? own : 0) + Number(to) - Number(from)]];
  });
}

/** Undefined: no rich field changes. */
function editedRich(
  { kinds }: DocumentPlan,
  changes: readonly ContentChange[],
  rich: State['rich'],
  author: Parameters<typeof editRich>[2],
): State['rich'] {
  const edits = changes.flatMap(({ field, to }): RichEdit[] => {
    const kind = kinds.get(field);
    return kind !== undefined && isRichKind(kind) ? [{ field, kind, value: to }] : [];
  });
  return edits.length === 0 ? undefined : editRich(rich, edits, author);
}
