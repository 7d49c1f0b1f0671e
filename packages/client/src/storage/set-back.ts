import {
  attachmentName,
  attachmentPath,
  type Clock,
  DELETED,
  type DocumentPlan,
  EMPTY_STATE,
  editRich,
  GENERATION,
  isCounterPath,
  isDeleted,
  isRichKind,
  type Json,
  type JsonObject,
  merge,
  newestStamp,
  type Path,
  type RichEdit,
  type RichKind,
  readCounter,
  readRich,
  rebaseContent,
  type State,
  sameBytes,
  sameValue,
  segmentsOf,
  stampAt,
  toPath,
  valueAt,
} from '@breakwater/crdt';
import { type ContentAuthor, clientIdAfter } from './capture-contents.ts';
import { type LocalRow, plainFields, type RemoteRow, toDocument, toVoid } from './document-row.ts';
import { type NamedAttachment, namedAttachments } from './named-attachment.ts';
import type { StoredDocument } from './row-meta.ts';
import { setAt } from './set-at.ts';

/** A row is to go back to what the server holds. */
export interface Replacement {
  readonly id: string;
  /** Undefined: the server has no such row, or none that may be read here. */
  readonly server: RemoteRow | undefined;
  /** What was pushed and refused; undefined: whatever is pending now. Later writes stay, on top of the server's state. */
  readonly pushed?: LocalRow;
  /** Only a row that was last seen with this seq or an earlier one. */
  readonly upToSeq?: number;
  /** The server has it and hands it out no more. Only a row that it has handed out; nothing stays of it but what the user changed. */
  readonly isRevoked?: boolean;
  /** The server was set back and lacks what it once had of the row: that stays, to be pushed. */
  readonly isWhole?: boolean;
}

/** What a user had written and the server did not take. */
export interface RefusedValues {
  /** The stored revision that went back: it may have more than was refused. */
  readonly revision: string;
  readonly id: string;
  /** How often the row has gone back with this. With the id it names the values among all that were ever lost of the row. */
  readonly returned: number;
  /** Of an insert the document is not on the server, or is deleted there. */
  readonly kind: 'insert' | 'change' | 'delete';
  /**
   * The whole document as the user saw it, without RxDB's own fields; in fields that are no registers without later edits. Of a
   * change of a document that may not be read any more, its id and the fields that were changed.
   */
  readonly document: JsonObject;
  readonly paths: readonly Path[];
  /** The attachments among what was refused. */
  readonly attachments?: readonly NamedAttachment[];
  /**
   * What the server shows in the fields that are no registers: the user's change starts from there when it is made again. Of a
   * field that is left out nobody knows: the user's value takes its place.
   */
  readonly contents: JsonObject;
  /** The batches that the values were a part of. */
  readonly batches: readonly string[];
}

export interface SetBack {
  readonly document: StoredDocument;
  /** Undefined: nothing is lost by going back. */
  readonly refused: RefusedValues | undefined;
}

export interface SetBackContext {
  readonly plan: DocumentPlan;
  readonly clock: Clock;
  readonly author: ContentAuthor;
}

/**
 * The one way backwards: the document that shows the server's state, and the user's values that are no longer in it.
 * Undefined: it is no more what was refused, another generation or a later row has taken its place.
 */
export function setBack(
  local: LocalRow,
  { server: held, pushed = local, upToSeq = Number.POSITIVE_INFINITY, isWhole = false, isRevoked = false }: Replacement,
  context: SetBackContext,
): SetBack | undefined {
  if ((local.seq ?? 0) > upToSeq || (isRevoked && local.seq === undefined)) return undefined;
  if (local.state.generation !== pushed.state.generation) return undefined;
  const server = isWhole ? withStored(held, local, pushed) : held;
  const replaced = local.replaced + 1;
  // What was written later may belong to a batch that was not refused.
  const batches = new Set([...local.batches].filter((batch) => !pushed.batches.has(batch)));
  const target = { plan: context.plan, id: local.id, previous: local.document, replaced, batches };
  const wasInserted = pushed.pending.has(GENERATION) || (server === undefined ? !isRevoked : isDeleted(server.state));
  const later =
    wasInserted || server === undefined
      ? NOTHING
      : laterChanges(local, pushed, { server: server.state, plan: context.plan });
  const paths = wasInserted
    ? new Set([...pushed.pending, ...local.pending])
    : stillRefused(local, pushed, context.plan);
  const refused = keptValues(local, [...paths], {
    server,
    pushed,
    wasInserted,
    replaced,
    isRevoked,
    plan: context.plan,
  });
  if (server === undefined) return { document: toVoid(target, isRevoked ? upToSeq : undefined), refused };
  const state = withLater(server.state, later, { local, pushed, replaced, ...context });
  const pending = new Set([...later.paths, ...later.contents.map(({ field }) => toPath([field]))]);
  return { document: toDocument(state, { ...target, pending, seq: server.seq }), refused };
}

/** What the server holds, and what it once held and has lost: all that is not pending. */
function withStored(server: RemoteRow | undefined, local: LocalRow, pushed: LocalRow): RemoteRow | undefined {
  const { generation, registers, rich } = local.state;
  const isPending = (path: Path) => local.pending.has(path) || pushed.pending.has(path);
  if (isPending(GENERATION)) return server;
  const stored = new Map([...registers].filter(([path]) => !isPending(path)));
  if (stored.size === 0) return server;
  const isContentPending = [...local.pending, ...pushed.pending].some((path) => !registers.has(path));
  const state: State = { ...EMPTY_STATE, generation, registers: stored, ...(isContentPending ? {} : { rich }) };
  const merged = server === undefined ? state : merge(server.state, state);
  return { id: local.id, seq: server?.seq ?? local.seq ?? 0, state: merged };
}

/** What a newer write has won, the user's own or another's, is nothing that the user would want to have again. */
function stillRefused(local: LocalRow, pushed: LocalRow, plan: DocumentPlan): Path[] {
  return [...pushed.pending].filter((path) => {
    return isOfCounter(path, plan) || stampAt(local.state, path) === stampAt(pushed.state, path);
  });
}

function isOfCounter(path: Path, { kinds }: DocumentPlan): boolean {
  return [...kinds].some(([field, kind]) => kind === 'counter' && isCounterPath(path, field));
}

/** What was written after the push, so that it was not refused. */
interface Later {
  readonly paths: readonly Path[];
  readonly contents: readonly LaterContent[];
}

interface LaterContent {
  readonly field: string;
  readonly kind: RichKind;
  readonly from: Json;
  readonly to: Json;
}

const NOTHING: Later = { paths: [], contents: [] };

interface LaterContext {
  readonly server: State;
  readonly plan: DocumentPlan;
}

function laterChanges(local: LocalRow, pushed: LocalRow, { server, plan }: LaterContext): Later {
  if (local === pushed) return NOTHING;
  const paths = [...local.pending].filter((path) => stampAt(local.state, path) !== stampAt(pushed.state, path));
  if (sameBytes(local.state.rich, pushed.state.rich)) return { paths, contents: [] };
  const fields = richKinds(plan).filter(([field]) => local.pending.has(toPath([field])));
  // With what the server holds on both sides: what others wrote meanwhile is none of this device's doing.
  const before = readRich(mergedRich(pushed.state, server), fields);
  const after = readRich(mergedRich(local.state, server), fields);
  const contents = fields.map(([field, kind]) => ({
    field,
    kind,
    from: before[field] ?? null,
    to: after[field] ?? null,
  }));
  return { paths, contents: contents.filter(({ from, to }) => !sameValue(from, to)) };
}

function mergedRich({ generation, rich }: State, server: State): State['rich'] {
  return merge(
    { ...EMPTY_STATE, generation, rich },
    { ...EMPTY_STATE, generation: server.generation, rich: server.rich },
  ).rich;
}

function richKinds({ kinds }: DocumentPlan): [string, RichKind][] {
  return [...kinds].flatMap(([field, kind]) => (isRichKind(kind) ? [[field, kind]] : []));
}

interface WithLaterContext extends SetBackContext {
  readonly local: LocalRow;
  readonly pushed: LocalRow;
  readonly replaced: number;
}

function withLater(server: State, { paths, contents }: Later, context: WithLaterContext): State {
  const { local, replaced, clock, author } = context;
  const registers = new Map(server.registers);
  const stamp = paths.length === 0 ? server.generation : clock.next(newestStamp(server));
  for (const path of paths) registers.set(path, { stamp, value: laterValue(path, server, context) });
  if (contents.length === 0) return { ...server, registers };
  const onto = readRich(
    server.rich,
    contents.map(({ field, kind }) => [field, kind]),
  );
  const edits = contents.map(({ field, kind, from, to }): RichEdit => {
    return { field, kind, value: rebaseContent(kind, { from, to }, onto[field] ?? null) };
  });
  const clientId = clientIdAfter(author.clientId, replaced);
  const by = { clientId, collection: author.collection, id: local.id, generation: server.generation };
  return { ...server, registers, rich: editRich(server.rich, edits, by) };
}

function laterValue(path: Path, server: State, { local, pushed, plan }: WithLaterContext): Json | undefined {
  const valueIn = ({ registers }: State) => registers.get(path)?.value;
  if (!isOfCounter(path, plan)) return valueIn(local.state);
  const count = (state: State) => Number(valueIn(state) ?? 0);
  return count(server) + count(local.state) - count(pushed.state);
}

interface KeptContext {
  readonly server: RemoteRow | undefined;
  readonly pushed: LocalRow;
  readonly wasInserted: boolean;
  readonly replaced: number;
  readonly isRevoked: boolean;
  readonly plan: DocumentPlan;
}

function keptValues(
  { id, document, batches }: LocalRow,
  lostPaths: readonly Path[],
  { server, pushed, wasInserted, replaced, isRevoked, plan }: KeptContext,
): RefusedValues | undefined {
  const before = contentsOf(server?.state ?? EMPTY_STATE, plan);
  // Edits that were made later stay, and must not be made a second time.
  const contents = wasInserted || server === undefined ? {} : refusedContents(pushed, { server: server.state, plan });
  const isLost = (path: Path) => {
    const [field = ''] = segmentsOf(path);
    return !Object.hasOwn(contents, field) || !sameValue(contents[field], before[field]);
  };
  const paths = lostPaths.filter(isLost);
  // Who deleted it again meanwhile wants nothing of it.
  if (paths.length === 0 || (document._deleted && wasInserted)) return undefined;
  const isPartial = isRevoked && !wasInserted;
  const kind = document._deleted ? 'delete' : wasInserted ? 'insert' : 'change';
  // A document that is not there is inserted whole.
  const attachments = namedAttachments(document).filter(
    ({ name }) => wasInserted || paths.includes(attachmentPath(name)),
  );
  return {
    revision: document._rev,
    id,
    returned: replaced,
    kind,
    document: isPartial ? fieldsAt(document, paths, plan) : { ...plainFields(document), ...contents },
    paths: paths.filter((path) => path !== GENERATION).sort(),
    ...(attachments.length === 0 ? {} : { attachments }),
    contents: isPartial ? {} : before,
    batches: [...(wasInserted ? batches : pushed.batches)].sort(),
  };
}

/** The id, and what the user wrote: whatever else the document shows may not be kept. */
function fieldsAt(document: StoredDocument, paths: readonly Path[], { primaryKey, kinds }: DocumentPlan): JsonObject {
  const fields = plainFields(document);
  const kept: JsonObject = { [primaryKey]: fields[primaryKey] ?? null };
  for (const path of paths) {
    const [field = ''] = segmentsOf(path);
    if (kinds.has(field)) kept[field] = fields[field] ?? null;
    else if (path !== DELETED && attachmentName(path) === undefined) setAt(kept, path, valueAt(document, path));
  }
  return kept;
}

/** What the fields that are no registers would show on the server if the push had been taken. */
function refusedContents({ state, pending }: LocalRow, { server, plan }: LaterContext): JsonObject {
  const contents: JsonObject = readRich(mergedRich(state, server), richKinds(plan));
  const countIn = ({ registers }: State, path: Path) => Number(registers.get(path)?.value ?? 0);
  for (const [field, kind] of plan.kinds) {
    if (kind !== 'counter') continue;
    const own = [...pending].filter((path) => isCounterPath(path, field));
    const counted = own.reduce((sum, path) => sum + countIn(state, path) - countIn(server, path), 0);
    contents[field] = readCounter(server, field) + counted;
  }
  return contents;
}

function contentsOf(state: State, plan: DocumentPlan): JsonObject {
  const contents: JsonObject = readRich(state.rich, richKinds(plan));
  for (const [field, kind] of plan.kinds) if (kind === 'counter') contents[field] = readCounter(state, field);
  return contents;
}
