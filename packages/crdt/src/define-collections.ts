import { findIndexFault } from './check-indexes.ts';
import { type DocumentPlan, planDocument } from './field-plan.ts';
import { type MergeKinds, type MergeOf, whyNot } from './merge-kind.ts';
import type { CollectionSchema } from './schema.ts';

export interface CollectionDefinition<S extends CollectionSchema = CollectionSchema> {
  readonly schema: S;
  /** How fields merge that are to be no registers: as text, list, set or counter. */
  readonly merge?: MergeKinds;
  /** Anything else that RxDB's addCollections takes: migrationStrategies, methods, … */
  readonly [option: string]: unknown;
}

export type CollectionDefinitions = { readonly [name: string]: CollectionDefinition };

/** Definitions that were checked, shared by the client and the server. Made by {@link defineCollections} only. */
export type Collections<T extends CollectionDefinitions = CollectionDefinitions> = {
  readonly [K in keyof T]: T[K] & { readonly plan: DocumentPlan };
};

/** Each `merge` checked against its schema. */
type Checked<T extends CollectionDefinitions> = {
  readonly [K in keyof T]: { readonly merge?: MergeOf<T[K]['schema'], T[K]['merge']> };
};

/** Thrown when a definition cannot work; the message names the collection and the field. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/** A collection name that RxDB accepts. */
const NAME_PATTERN = /^[a-z][_$a-z0-9-]*$/;

/**
 * Checks the definitions of an app's collections and plans how their documents are cut into registers.
 *
 * @throws DefinitionError when a name, a primary key, an index or a merge kind cannot work.
 */
export function defineCollections<const T extends CollectionDefinitions>(definitions: T & Checked<T>): Collections<T> {
  const collections: [string, CollectionDefinition & { plan: DocumentPlan }][] = [];
  for (const [name, definition] of Object.entries<CollectionDefinition>(definitions)) {
    checkDefinition(name, definition);
    collections.push([name, { ...definition, plan: planDocument(definition.schema, definition.merge) }]);
  }
  // Without a prototype: looking up a name from outside finds a collection or nothing, never `constructor`.
  return Object.assign(Object.create(null), Object.fromEntries(collections)) as Collections<T>;
}

function checkDefinition(name: string, { schema, merge = {} }: CollectionDefinition): void {
  if (!NAME_PATTERN.test(name)) {
    throw new DefinitionError(`'${name}' is no collection name: use lower-case letters, digits, _ and -`);
  }
  if (schema === undefined) throw new DefinitionError(`${name}: the schema is missing`);
  const key = typeof schema.primaryKey === 'string' ? schema.primaryKey : schema.primaryKey?.key;
  if (key === undefined || !Object.hasOwn(schema.properties ?? {}, key)) {
    throw new DefinitionError(`${name}: the primary key '${key}' is not among the schema's properties`);
  }
  for (const field of schema.required ?? []) {
    if (!Object.hasOwn(schema.properties, field)) {
      throw new DefinitionError(`${name}: the required field '${field}' is not among the schema's properties`);
    }
  }
  for (const [field, kind] of Object.entries(merge)) {
    const reason = whyNot(schema, field, kind);
    if (reason !== undefined) throw new DefinitionError(`${name}: '${field}' cannot merge as ${kind}: ${reason}`);
  }
  const fault = findIndexFault(schema);
  if (fault !== undefined) throw new DefinitionError(`${name}: ${fault}`);
}
