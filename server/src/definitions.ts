import {
  assembleFields,
  DefinitionError,
  type DocumentPlan,
  isDeleted,
  isRichKind,
  type JsonObject,
  type RichKind,
  type State,
} from '@breakwater/crdt';
import { appDocument, complete, withoutFallbacks } from './app-document.ts';
import { type CollectionNames, isList } from './collection-names.ts';
import { compileSchema, type SchemaPart } from './compile-schema.ts';
import { findFault } from './find-fault.ts';
import { refuse } from './inspect-push.ts';
import type { Judge, RowChange } from './judge.ts';
import type { RowKey } from './store.ts';

/** What the server knows of documents. Of a collection that it has no definition of, it knows nothing but the registers. */
export interface Definitions {
  /** What was written of a row, as a plain object. */
  documentOf(key: RowKey, state: State): JsonObject;
  /** How its documents are cut into registers; undefined: nobody knows. */
  planOf(collection: string): DocumentPlan | undefined;
  /** The fields whose content is the row's Yjs document; undefined: nobody knows. */
  richFields(collection: string): ReadonlyMap<string, RichKind> | undefined;
  /** The same as people and hooks see it: complete, as an app shows it. */
  complete(key: RowKey, document: JsonObject): JsonObject;
  /** Refuses what does not fit the schema as `invalid`. Deleted rows fit. */
  readonly validate: Judge;
}

interface Known {
  readonly plan: DocumentPlan;
  /** The plan of what was written. */
  readonly written: DocumentPlan;
  readonly schema: SchemaPart;
}

/** @throws DefinitionError when a definition was not made by `defineCollections`, or its schema does not compile. */
export function createDefinitions(collections?: CollectionNames): Definitions {
  const knownByName = compileAll(collections);

  return {
    documentOf({ collection, id }, state) {
      const known = knownByName.get(collection);
      return known === undefined ? assembleFields(state) : appDocument(known.written, id, state);
    },
    planOf: (collection) => knownByName.get(collection)?.plan,
    richFields(collection) {
      const kinds = knownByName.get(collection)?.plan.kinds;
      return kinds && new Map([...kinds].flatMap(([name, kind]) => (isRichKind(kind) ? [[name, kind]] : [])));
    },
    complete({ collection }, document) {
      const known = knownByName.get(collection);
      return known === undefined ? document : complete(known.plan, document);
    },
    validate(change) {
      const known = knownByName.get(change.incoming.key.collection);
      if (known === undefined || isDeleted(change.after)) return undefined;
      const fault = findFault(known.schema, change.document, () => documentBefore(known.written, change));
      return fault === undefined ? undefined : refuse('invalid', fault);
    },
  };
}

function compileAll(collections: CollectionNames | undefined): ReadonlyMap<string, Known> {
  const knownByName = new Map<string, Known>();
  if (collections === undefined || isList(collections)) return knownByName;
  for (const [name, definition] of Object.entries(collections)) {
    if (!(definition?.plan?.fields instanceof Map)) {
      throw new DefinitionError(`${name}: the server takes names of collections, or what defineCollections answers`);
    }
    const { plan } = definition;
    knownByName.set(name, { plan, written: withoutFallbacks(plan), schema: compileSchema(name, definition) });
  }
  return knownByName;
}

/** A document is new to its readers also when it was deleted, and when it was inserted anew. */
function documentBefore(plan: DocumentPlan, { incoming, before, after }: RowChange): JsonObject | undefined {
  if (before === undefined || isDeleted(before) || before.generation !== after.generation) return undefined;
  return appDocument(plan, incoming.key.id, before);
}
