import {
  attachmentName,
  DELETED,
  type DocumentPlan,
  isCounterPath,
  type Json,
  type JsonObject,
  type Path,
  rebaseContent,
  segmentsOf,
  valueAt,
} from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import type { RefusedRecord } from './inbox.ts';

/**
 * Makes a refused change once more, as a local write of now: in the document as it is, the fields that were refused, with
 * `change` on top; a document that is not there is inserted whole. Rich fields and counters get the user's edit, not the
 * user's value, so that what others did meanwhile stays.
 *
 * @throws RxError when RxDB does not take it.
 */
export async function writeAgain(
  collection: RxCollection,
  plan: DocumentPlan,
  record: RefusedRecord,
  change: JsonObject = {},
): Promise<void> {
  const document = await collection.findOne(record.id).exec();
  if (record.kind === 'delete') await document?.remove();
  else if (document === null) await collection.insert({ ...record.document, ...change });
  else await document.incrementalModify((fields: JsonObject) => ({ ...withRefused(fields, plan, record), ...change }));
}

function withRefused(fields: JsonObject, plan: DocumentPlan, record: RefusedRecord): JsonObject {
  const result = { ...fields };
  const contents = new Set<string>();
  for (const path of record.paths) {
    const content = [...plan.kinds.keys()].find((field) => isContentPath(path, field));
    if (content !== undefined) contents.add(content);
    else if (path !== DELETED && attachmentName(path) === undefined)
      setAt(result, path, valueAt(record.document, path));
  }
  for (const field of contents) {
    const kind = plan.kinds.get(field);
    const change = { from: record.contents[field] ?? null, to: record.document[field] ?? null };
    if (kind !== undefined) result[field] = rebaseContent(kind, change, fields[field] ?? null);
  }
  return result;
}

function isContentPath(path: Path, field: string): boolean {
  const segments = segmentsOf(path);
  return (segments.length === 1 && segments[0] === field) || isCounterPath(path, field);
}

/** Copies each object on the way: those of a document of RxDB are frozen. */
function setAt(target: JsonObject, path: Path, value: Json | undefined): void {
  const segments = segmentsOf(path);
  const name = segments.pop() ?? '';
  let object = target;
  for (const segment of segments) {
    const child = Object.hasOwn(object, segment) ? object[segment] : undefined;
    const copy: JsonObject = typeof child === 'object' && child !== null && !Array.isArray(child) ? { ...child } : {};
    object[segment] = copy;
    object = copy;
  }
  if (value === undefined) delete object[name];
  else object[name] = value;
}
