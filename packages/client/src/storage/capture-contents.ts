import {
  counterPath,
  type DocumentPlan,
  editRich,
  emptyContent,
  isRichKind,
  type Json,
  type Path,
  type RichEdit,
  richFromText,
  richToText,
  type Stamp,
  sameValue,
  toPath,
} from '@breakwater/crdt';
import type { MutableRowMeta } from './row-meta.ts';

/** In whose name fields that are no registers are written. */
export interface ContentAuthor {
  readonly collection: string;
  /** Names this database among the counters of its documents. */
  readonly replica: string;
  /** Yjs's: random for each open storage instance. A used one may never come again. */
  readonly clientId: number;
}

/** A field that is no register, and what it showed and is to show. */
export interface ContentChange {
  readonly field: string;
  readonly before: Json;
  readonly after: Json;
}

type Contents = ReadonlyMap<string, Json>;

/** Fields whose content differs. Without `before` they all were empty. */
export function changedContents(
  { kinds }: DocumentPlan,
  before: Contents | undefined,
  after: Contents,
): ContentChange[] {
  const changes: ContentChange[] = [];
  for (const [field, kind] of kinds) {
    const empty = emptyContent(kind);
    const change = { field, before: before?.get(field) ?? empty, after: after.get(field) ?? empty };
    if (!sameValue(change.before, change.after)) changes.push(change);
  }
  return changes;
}

/** Adds the difference to the own register of each counter that changed. Answers their paths, which are to be stamped. */
export function count(
  plan: DocumentPlan,
  meta: MutableRowMeta,
  changes: readonly ContentChange[],
  replica: string,
): Path[] {
  const paths: Path[] = [];
  for (const { field, before, after } of changes) {
    if (plan.kinds.get(field) !== 'counter') continue;
    const path = counterPath(field, replica);
    const own = meta.unknown.get(path);
    meta.unknown.set(path, (typeof own === 'number' ? own : 0) + (after as number) - (before as number));
    paths.push(path);
  }
  return paths;
}

export interface RichTarget {
  readonly plan: DocumentPlan;
  readonly meta: MutableRowMeta;
  readonly id: string;
  readonly author: Omit<ContentAuthor, 'replica'>;
}

/** Edits the Yjs state in the meta and marks the changed rich fields. */
export function editContents({ plan, meta, id, author }: RichTarget, changes: readonly ContentChange[]): void {
  const edits: RichEdit[] = [];
  for (const { field, after } of changes) {
    const kind = plan.kinds.get(field);
    if (kind === undefined || !isRichKind(kind)) continue;
    edits.push({ field, kind, value: after });
    meta.pending.add(toPath([field]));
  }
  if (edits.length === 0) return;
  const before = meta.rich === undefined ? undefined : richFromText(meta.rich);
  const clientId = clientIdAfter(author.clientId, meta.replaced);
  const rich = editRich(before, edits, { ...author, clientId, id, generation: meta.generation });
  meta.rich = rich && richToText(rich);
}

/**
 * What a row was set back from holds structs of this writer that are no more. Under the same id their clocks would be used
 * again, and replicas differ without a word. Another id for each time, whichever tab it was that set the row back.
 */
export function clientIdAfter(clientId: number, replaced: number): number {
  return (clientId ^ Math.imul(replaced, 0x9e3779b1)) >>> 0;
}

/** Sets a stamp for each path and marks it. */
export function stampPaths(meta: MutableRowMeta, paths: Iterable<Path>, stamp: Stamp): void {
  for (const path of paths) {
    meta.stamps.set(path, stamp);
    meta.pending.add(path);
  }
}
