import { type Json, normalize } from './json.ts';
import type { MergeKind, MergeKinds } from './merge-kind.ts';
import { childPath, isOwnProperty, type Path, toPath } from './path.ts';
import type { CollectionSchema, PropertySchema } from './schema.ts';

/** Where one collection's documents are cut into registers. A leaf is one register, a branch merges leaf by leaf. */
export type FieldPlan = Leaf | Branch;

export interface Leaf {
  readonly kind: 'leaf';
  readonly path: Path;
  /** What a document shows that lacks the field although the schema requires it; absent: the schema does not. */
  readonly fallback?: Json;
}

export interface Branch {
  readonly kind: 'branch';
  readonly path: Path;
  /** A required branch exists even without a leaf, as {}. */
  readonly required: boolean;
  readonly children: ReadonlyMap<string, FieldPlan>;
}

export interface RequiredField {
  readonly name: string;
  readonly plan: FieldPlan;
}

export interface DocumentPlan {
  readonly primaryKey: string;
  readonly fields: ReadonlyMap<string, FieldPlan>;
  /** Those fields that a document may lack although it should show something there. */
  readonly required: readonly RequiredField[];
  /** Every path that this schema gives a place in the document. */
  readonly leaves: ReadonlySet<Path>;
  /** The fields that are no registers. They are neither in `fields` nor in `leaves`. */
  readonly kinds: ReadonlyMap<string, MergeKind>;
  /** May documents have attachments? */
  readonly attachments: boolean;
}

/** RxDB adds its own properties to the schemas that it hands to a storage; they have no place in the plan. */
export function planDocument(schema: CollectionSchema, merge: MergeKinds = {}): DocumentPlan {
  const primaryKey = typeof schema.primaryKey === 'string' ? schema.primaryKey : schema.primaryKey.key;
  const leaves = new Set<Path>();
  const fields = new Map<string, FieldPlan>();
  for (const [name, property] of Object.entries(schema.properties)) {
    if (name === primaryKey || isOwnProperty(name) || Object.hasOwn(merge, name)) continue;
    fields.set(name, planField(toPath([name]), property, schema.required?.includes(name) ?? false, leaves));
  }
  const attachments = schema.attachments !== undefined;
  return {
    primaryKey,
    fields,
    required: requiredFields(fields),
    leaves,
    kinds: new Map(Object.entries(merge)),
    attachments,
  };
}

/** A branch may hold such a field, or be required itself. */
export function requiredFields(fields: DocumentPlan['fields']): RequiredField[] {
  return [...fields]
    .map(([name, plan]) => ({ name, plan }))
    .filter(({ plan }) => plan.kind === 'branch' || plan.fallback !== undefined);
}

function planField(path: Path, property: PropertySchema, required: boolean, leaves: Set<Path>): FieldPlan {
  if (property.type !== 'object' || property.properties === undefined) {
    leaves.add(path);
    const fallback = required ? fallbackOf(property) : undefined;
    return { kind: 'leaf', path, ...(fallback === undefined ? {} : { fallback }) };
  }
  const children = new Map<string, FieldPlan>();
  for (const [name, child] of Object.entries(property.properties)) {
    children.set(name, planField(childPath(path, name), child, property.required?.includes(name) ?? false, leaves));
  }
  return { kind: 'branch', path, required, children };
}

/** What the schema names, or the least value of its type that it may admit; undefined: its type is anything. */
function fallbackOf(property: PropertySchema): Json | undefined {
  const { type, const: only, enum: [first] = [], minimum, maximum } = property;
  const named = [property.default, only, first].find((value) => value !== undefined);
  if (named !== undefined) return normalize(named);
  switch (typeof type === 'object' ? type[0] : type) {
    case 'string':
      return '';
    case 'number':
    case 'integer':
      return Math.min(Math.max(0, numberOr(minimum, 0)), numberOr(maximum, Number.MAX_VALUE));
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return {};
    case 'null':
      return null;
    default:
      return undefined;
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
