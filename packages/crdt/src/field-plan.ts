import type { MergeKind, MergeKinds } from './merge-kind.ts';
import { childPath, isOwnProperty, type Path, toPath } from './path.ts';
import type { CollectionSchema, PropertySchema } from './schema.ts';

/** Where one collection's documents are cut into registers. A leaf is one register, a branch merges leaf by leaf. */
export type FieldPlan = Leaf | Branch;

export interface Leaf {
  readonly kind: 'leaf';
  readonly path: Path;
}

export interface Branch {
  readonly kind: 'branch';
  readonly path: Path;
  /** A required branch exists even without a leaf, as {}. */
  readonly required: boolean;
  readonly children: ReadonlyMap<string, FieldPlan>;
}

export interface DocumentPlan {
  readonly primaryKey: string;
  readonly fields: ReadonlyMap<string, FieldPlan>;
  /** Every path that this schema gives a place in the document. */
  readonly leaves: ReadonlySet<Path>;
  /** The fields that are no registers. They are neither in `fields` nor in `leaves`. */
  readonly kinds: ReadonlyMap<string, MergeKind>;
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
  return { primaryKey, fields, leaves, kinds: new Map(Object.entries(merge)) };
}

function planField(path: Path, property: PropertySchema, required: boolean, leaves: Set<Path>): FieldPlan {
  if (property.type !== 'object' || property.properties === undefined) {
    leaves.add(path);
    return { kind: 'leaf', path };
  }
  const children = new Map<string, FieldPlan>();
  for (const [name, child] of Object.entries(property.properties)) {
    children.set(name, planField(childPath(path, name), child, property.required?.includes(name) ?? false, leaves));
  }
  return { kind: 'branch', path, required, children };
}
