import { type Json, type JsonObject, sameValue } from '@breakwater/crdt';
import type { ErrorObject } from 'ajv';
import type { SchemaPart } from './compile-schema.ts';
import { shorten } from './inspect-push.ts';

/**
 * Why a document may not become what it would: the path of a field and the rule that it breaks; undefined: it may.
 * `before` is asked for only if it matters; it answers undefined when the document is new.
 *
 * A new document has to fit the whole schema. Of one that was there only the fields that change are looked at: it may be
 * older than the schema, and a rule about several fields cannot hold where each of them merges by itself.
 */
export function findFault(
  schema: SchemaPart,
  after: JsonObject,
  before: () => JsonObject | undefined,
): string | undefined {
  return schema.fits(after) ? undefined : faultAt(schema, '', before(), after);
}

/** Field by field, for a fault in one of them is the better reason; as a whole only what is new. */
function faultAt(part: SchemaPart, path: string, before: Json | undefined, after: Json): string | undefined {
  if (part.fields === undefined || !isObject(after)) return faultOfWhole(part, path, after);
  const earlier = isObject(before) ? before : undefined;
  for (const [name, field] of part.fields) {
    const was = earlier && valueIn(earlier, name);
    const is = valueIn(after, name);
    if (earlier !== undefined && sameValue(was, is)) continue;
    const place = join(path, name);
    const absence = part.required.has(name) ? `${place}: is required` : undefined;
    const fault = is === undefined ? absence : faultAt(field, place, was, is);
    if (fault !== undefined) return fault;
  }
  return earlier === undefined ? faultOfWhole(part, path, after) : undefined;
}

/** The place and the rule, never a value: a part of what was merged may be somebody else's. */
function faultOfWhole({ fits }: SchemaPart, path: string, value: Json): string | undefined {
  if (fits(value)) return undefined;
  // The rule that failed comes last; before it may come why, of each of its alternatives.
  const {
    instancePath = '',
    keyword,
    params = {},
    message = 'does not fit',
  }: Partial<ErrorObject> = fits.errors?.at(-1) ?? {};
  const steps = instancePath.split('/').slice(1);
  const place = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(join, path);
  if (keyword === 'required') return `${shorten(join(place, String(params.missingProperty)))}: is required`;
  return `${place === '' ? 'the document' : shorten(place)}: ${message}`;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueIn(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
