import type { Branch, DocumentPlan, FieldPlan } from './field-plan.ts';
import { type Json, normalize, ValueError } from './json.ts';
import { childPath, DELETED, type Path, segmentsOf, toPath } from './path.ts';
import type { State } from './state.ts';

export type JsonObject = { [key: string]: Json };

/** A document cut into registers, and what normalising its values changed. */
export interface DocumentLeaves {
  readonly leaves: ReadonlyMap<Path, Json>;
  /** Top-level fields whose normalised value differs from the given one; undefined: the field goes. */
  readonly changedFields: ReadonlyMap<string, Json | undefined>;
}

/** RxDB's own properties of a stored document. They are no fields; deletion and attachments are captured apart. */
const OWN_PROPERTIES = new Set(['_rev', '_meta', '_attachments', '_deleted']);

/**
 * Cuts a document into its leaves. Fields that the schema does not declare are leaves too.
 *
 * @throws ValueError with the field's path when a value cannot be stored.
 */
export function readDocument(plan: DocumentPlan, document: { readonly [name: string]: unknown }): DocumentLeaves {
  const leaves = new Map<Path, Json>();
  const changedFields = new Map<string, Json | undefined>();
  for (const name of Object.keys(document)) {
    if (name === plan.primaryKey || OWN_PROPERTIES.has(name)) continue;
    const value = document[name];
    const normal = readField(plan.fields.get(name) ?? { kind: 'leaf', path: toPath([name]) }, value, leaves);
    if (normal !== value) changedFields.set(name, normal);
  }
  return { leaves, changedFields };
}

function readField(plan: FieldPlan, value: unknown, leaves: Map<Path, Json>): Json | undefined {
  if (value === undefined) return undefined;
  if (plan.kind === 'branch') return readBranch(plan, value, leaves);
  const normal = normalizeAt(plan.path, value);
  leaves.set(plan.path, normal);
  return normal;
}

function readBranch(plan: Branch, value: unknown, leaves: Map<Path, Json>): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ValueError(`${plan.path}: the schema declares an object with properties, so it cannot hold ${value}`);
  }
  const source = value as { [name: string]: unknown };
  const copy: JsonObject = {};
  let changed = false;
  for (const name of Object.keys(source)) {
    if (name === '__proto__') throw new ValueError(`${plan.path}: the key __proto__ cannot be stored`);
    const child = plan.children.get(name) ?? { kind: 'leaf', path: childPath(plan.path, name) };
    const normal = readField(child, source[name], leaves);
    if (normal !== source[name]) changed = true;
    if (normal !== undefined) copy[name] = normal;
  }
  if (Object.keys(copy).length === 0 && !plan.required) return undefined;
  return changed ? copy : (value as Json);
}

function normalizeAt(path: Path, value: unknown): Json {
  try {
    return normalize(value);
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(`${path}: ${error.message}`);
    throw error;
  }
}

/** The value at a path of a document, or undefined. */
export function valueAt(document: { readonly [name: string]: unknown }, path: Path): Json | undefined {
  if (!path.includes('.') && !path.includes('%')) {
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
 * The fields of a state as a plain object, nested by their paths; without deletion and attachments. `include` picks the
 * paths (default: all).
 */
export function assembleFields(state: State, include: (path: Path) => boolean = () => true): JsonObject {
  const document: JsonObject = {};
  // Sorted, so that a value at `a` is laid down before the leaves `a.b` on top of it.
  for (const path of [...state.registers.keys()].sort()) {
    if (path.startsWith('_') && (path === DELETED || path.startsWith('_attachments.'))) continue;
    const value = state.registers.get(path)?.value;
    if (value !== undefined && include(path)) place(document, segmentsOf(path), value);
  }
  return document;
}

function place(target: JsonObject, segments: string[], value: Json): void {
  let object = target;
  for (const segment of segments.slice(0, -1)) {
    const existing = Object.hasOwn(object, segment) ? object[segment] : undefined;
    const isObject = typeof existing === 'object' && existing !== null && !Array.isArray(existing);
    const child: JsonObject = isObject ? { ...existing } : {};
    object[segment] = child;
    object = child;
  }
  object[segments.at(-1) as string] = value;
}

/** Adds the required branches that no leaf of the document brought along. */
export function addRequiredBranches(plan: DocumentPlan, document: JsonObject): void {
  for (const [name, field] of plan.fields) {
    if (field.kind === 'branch') addRequired(document, name, field);
  }
}

function addRequired(parent: JsonObject, name: string, branch: Branch): void {
  if (!Object.hasOwn(parent, name)) {
    if (!branch.required) return;
    parent[name] = {};
  }
  const object = parent[name] as JsonObject;
  for (const [childName, child] of branch.children) {
    if (child.kind === 'branch') addRequired(object, childName, child);
  }
}

export function isDeleted(state: State): boolean {
  return state.registers.get(DELETED)?.value === true;
}
