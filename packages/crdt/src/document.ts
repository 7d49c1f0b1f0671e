import type { Branch, DocumentPlan, FieldPlan } from './field-plan.ts';
import { isPlainObject, type Json, normalize, typeName, ValueError } from './json.ts';
import { emptyContent, type MergeKind } from './merge-kind.ts';
import { childPath, DELETED, isOwnProperty, type Path, segmentsOf, toPath } from './path.ts';
import { toMembers } from './rich/set.ts';
import { sorted } from './sorted.ts';
import type { State } from './state.ts';

export type JsonObject = { [key: string]: Json };

/** A document cut into registers, and what normalising its values changed. */
export interface DocumentLeaves {
  readonly leaves: ReadonlyMap<Path, Json>;
  /** Top-level fields whose normalised value differs from the given one; undefined: the field goes. */
  readonly changedFields: ReadonlyMap<string, Json | undefined>;
  /** The value of each field that is no register, also of one that is missing: it counts as empty. */
  readonly contents: ReadonlyMap<string, Json>;
}

/**
 * Cuts a document into its leaves. Fields that the schema does not declare are leaves too. A field that `known` has with
 * the very same value was stored before this document: what does not fit the schema of it is one leaf, and what cannot be
 * stored is passed over.
 *
 * @throws ValueError with the field's path when a value that is new cannot be stored.
 */
export function readDocument(
  plan: DocumentPlan,
  document: { readonly [name: string]: unknown },
  known: { readonly [name: string]: unknown } = {},
): DocumentLeaves {
  const leaves = new Map<Path, Json>();
  const changedFields = new Map<string, Json | undefined>();
  const isKnown = (name: string, value: unknown) => Object.hasOwn(known, name) && Object.is(known[name], value);
  for (const name of Object.keys(document)) {
    if (name === plan.primaryKey || isOwnProperty(name) || plan.kinds.has(name)) continue;
    const value = document[name];
    const read = isKnown(name, value) ? readKnownField : readNewField;
    const normal = read(plan, name, value, leaves);
    if (normal === undefined || !Object.is(normal, value)) changedFields.set(name, normal);
  }
  const contents = new Map<string, Json>();
  for (const [name, kind] of plan.kinds) {
    const value = Object.hasOwn(document, name) ? document[name] : undefined;
    const fits = !isKnown(name, value) || isContent(name, kind, value);
    const content = normalizeContent(toPath([name]), kind, fits ? value : undefined);
    contents.set(name, content);
    if (!fits) continue;
    if (!Object.is(content, value)) changedFields.set(name, content);
  }
  return { leaves, changedFields, contents };
}

/** The registers that a new document without other fields brings, and what normalising its values changed. */
export interface NewPaths {
  readonly paths: Path[];
  readonly changedFields: DocumentLeaves['changedFields'];
}

/**
 * As {@link readDocument}, for documents of registers alone: without a map for each, which is most of what that costs.
 *
 * @throws ValueError with the field's path when a value cannot be stored.
 */
export function readNewPaths(plan: DocumentPlan, document: { readonly [name: string]: unknown }): NewPaths {
  const leaves = new PathList();
  let changedFields: Map<string, Json | undefined> | undefined;
  const names = Object.keys(document);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name === plan.primaryKey || isOwnProperty(name)) continue;
    const value = document[name];
    const normal = readNewField(plan, name, value, leaves);
    if (normal !== undefined && Object.is(normal, value)) continue;
    changedFields ??= new Map();
    changedFields.set(name, normal);
  }
  return { paths: leaves.paths, changedFields: changedFields ?? NO_CHANGES };
}

const NO_CHANGES: ReadonlyMap<string, undefined> = new Map();

/** Where leaves go as they are read. */
interface Leaves {
  set(path: Path, value: Json): unknown;
}

class PathList implements Leaves {
  readonly paths: Path[] = [];

  set(path: Path): void {
    this.paths.push(path);
  }
}

function readNewField(plan: DocumentPlan, name: string, value: unknown, leaves: Leaves): Json | undefined {
  return readField(plan.fields.get(name) ?? undeclaredLeaf(name, toPath([name])), value, leaves);
}

function readKnownField(plan: DocumentPlan, name: string, value: unknown, leaves: Map<Path, Json>): Json | undefined {
  // A leaf is read or not; of a branch some leaves may be read already when another cannot be.
  const own = plan.fields.get(name)?.kind === 'branch' ? new Map<Path, Json>() : leaves;
  try {
    const normal = readNewField(plan, name, value, own);
    if (own !== leaves) for (const [path, leaf] of own) leaves.set(path, leaf);
    return normal;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const whole = normalizeIfPossible(value);
    if (whole !== undefined && name !== '__proto__') leaves.set(toPath([name]), whole);
    return value as Json;
  }
}

function isContent(name: string, kind: MergeKind, value: unknown): boolean {
  try {
    normalizeContent(toPath([name]), kind, value);
    return true;
  } catch (error) {
    if (error instanceof ValueError) return false;
    throw error;
  }
}

function normalizeIfPossible(value: unknown): Json | undefined {
  try {
    return normalize(value);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

function undeclaredLeaf(name: string, path: Path): FieldPlan {
  if (name === '__proto__' || !name.isWellFormed()) throw new ValueError(`${path}: no field can have this name`);
  return { kind: 'leaf', path };
}

function readField(plan: FieldPlan, value: unknown, leaves: Leaves): Json | undefined {
  if (value === undefined) return undefined;
  if (plan.kind === 'branch') return readBranch(plan, value, leaves);
  const normal = normalizeAt(plan.path, value);
  leaves.set(plan.path, normal);
  return normal;
}

function readBranch(plan: Branch, value: unknown, leaves: Leaves): Json | undefined {
  if (!isPlainObject(value)) {
    throw new ValueError(`${plan.path}: the schema declares an object with properties; ${typeName(value)} is none`);
  }
  const source = value;
  const copy: JsonObject = {};
  let changed = false;
  for (const name of Object.keys(source)) {
    const child = plan.children.get(name) ?? undeclaredLeaf(name, childPath(plan.path, name));
    const normal = readField(child, source[name], leaves);
    if (normal === undefined || !Object.is(normal, source[name])) changed = true;
    if (normal !== undefined) copy[name] = normal;
  }
  if (Object.keys(copy).length === 0 && !plan.required) return undefined;
  return changed ? copy : (value as Json);
}

/** What a field of this kind shows after it was given a value. Never absent: nothing counts as empty. */
function normalizeContent(path: Path, kind: MergeKind, value: unknown): Json {
  const normal = value === undefined || value === null ? emptyContent(kind) : normalizeAt(path, value);
  if (kind === 'text' ? typeof normal === 'string' : kind === 'counter' && typeof normal === 'number') return normal;
  if ((kind === 'list' || kind === 'set') && Array.isArray(normal)) return kind === 'set' ? toMembers(normal) : normal;
  throw new ValueError(`${path}: it merges as ${kind}; ${typeName(value)} is none`);
}

function normalizeAt(path: Path, value: unknown): Json {
  try {
    return normalize(value);
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Is it the name of a field, as it is? Most paths are. */
function isPlainName(path: Path): boolean {
  return !path.includes('.') && !path.includes('%');
}

/** The value at a path of a document, or undefined. */
export function valueAt(document: { readonly [name: string]: unknown }, path: Path): Json | undefined {
  if (isPlainName(path)) {
    return Object.hasOwn(document, path) ? (document[path] as Json | undefined) : undefined;
  }
  let value: unknown = document;
  for (const segment of segmentsOf(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as JsonObject)[segment];
  }
  return value as Json | undefined;
}

/**
 * The fields of a state as a plain object, nested by their paths; without deletion, attachments and what else is RxDB's
 * own. `include` picks the paths (default: all).
 */
export function assembleFields(state: State, include: (path: Path) => boolean = () => true): JsonObject {
  const document: JsonObject = {};
  let made: Set<JsonObject> | undefined;
  // Sorted, so that a value at `a` is laid down before the leaves `a.b` on top of it.
  const paths = sorted([...state.registers.keys()]);
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i] as Path;
    const value = state.registers.get(path)?.value;
    if (value === undefined || !include(path)) continue;
    if (isPlainName(path)) {
      if (!isOwnProperty(path)) document[path] = value;
      continue;
    }
    const segments = segmentsOf(path);
    const name = segments[0] as string;
    if (isOwnProperty(name)) continue;
    if (segments.length === 1) document[name] = value;
    else {
      made ??= new Set();
      place(document, segments, value, made);
    }
  }
  return document;
}

/** Copies an object of the state before it lays a leaf into it, once: the copies are `made`. */
function place(target: JsonObject, segments: string[], value: Json, made: Set<JsonObject>): void {
  let object = target;
  for (const segment of segments.slice(0, -1)) {
    const existing = Object.hasOwn(object, segment) ? object[segment] : undefined;
    const child: JsonObject = isPlainObject(existing) ? (existing as JsonObject) : {};
    const own = made.has(child) ? child : { ...child };
    made.add(own);
    object[segment] = own;
    object = own;
  }
  object[segments.at(-1) as string] = value;
}

/** Adds what the schema requires and the document lacks: a row may come from an app of another version. */
export function addRequiredFields(plan: DocumentPlan, document: JsonObject): void {
  for (const field of plan.required) addRequired(document, field.name, field.plan);
}

function addRequired(parent: JsonObject, name: string, field: FieldPlan): void {
  const existing = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (field.kind === 'leaf') {
    if (existing === undefined && field.fallback !== undefined) parent[name] = structuredClone(field.fallback);
    return;
  }
  const branch = existing ?? (field.required ? {} : undefined);
  if (!isPlainObject(branch)) return;
  const object = { ...branch } as JsonObject;
  parent[name] = object;
  for (const [childName, child] of field.children) addRequired(object, childName, child);
}

export function isDeleted(state: State): boolean {
  return state.registers.get(DELETED)?.value === true;
}
