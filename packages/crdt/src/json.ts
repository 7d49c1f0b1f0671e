export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Deepest nesting of a value. Bounds the recursion of every walk, so that no value from outside can exhaust the stack. */
export const MAX_DEPTH = 64;

/** Thrown when a value cannot be stored: nested too deep, or of a type that JSON does not have. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/**
 * The value as it is stored and sent: no undefined keys, NaN and infinities are null, -0 is 0, strings are well-formed
 * UTF-16. Answers the same object when nothing had to change, so that frozen input is never touched.
 *
 * @throws ValueError for functions, symbols, bigints, class instances without toJSON, the key `__proto__`, and nesting
 * deeper than {@link MAX_DEPTH}.
 */
export function normalize(value: unknown, depth = 0): Json {
  if (depth > MAX_DEPTH) throw new ValueError(`the value is nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed();
    case 'number':
      if (!Number.isFinite(value)) return null;
      return value === 0 ? 0 : value;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? normalizeArray(value, depth) : normalizeObject(value, depth);
    default:
      throw new ValueError(`${typeName(value)} cannot be stored; use a JSON value`);
  }
}

function normalizeArray(array: unknown[], depth: number): Json {
  let copy: Json[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    const normal = item === undefined ? null : normalize(item, depth + 1);
    if (copy === undefined && !Object.is(normal, item)) copy = array.slice(0, i) as Json[];
    copy?.push(normal);
  }
  return copy ?? (array as Json[]);
}

function normalizeObject(object: object, depth: number): Json {
  if ('toJSON' in object && typeof object.toJSON === 'function') return normalize(object.toJSON(), depth + 1);
  if (!isPlainObject(object)) throw new ValueError(`${typeName(object)} cannot be stored; use a JSON value`);
  const source = object;
  let changed = false;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(source)) {
    if (key === '__proto__') throw new ValueError('the key __proto__ cannot be stored');
    const item = source[key];
    if (item === undefined) {
      changed = true;
      continue;
    }
    const safeKey = key.isWellFormed() ? key : key.toWellFormed();
    const normal = normalize(item, depth + 1);
    if (!Object.is(normal, item) || safeKey !== key) changed = true;
    copy[safeKey] = normal;
  }
  return changed ? copy : (object as Json);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What a value is, in words for a message: it may have no text of its own. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'class instance'}` : `a ${typeof value}`;
}

/** Equality by value; the order of an object's keys does not count. Both sides are normalised. */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => sameValue(item, b[i]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]));
}
