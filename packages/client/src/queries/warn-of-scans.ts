import { prepareQuery } from 'rxdb';
import { explainQuery } from './explain.ts';
import { observeQueries } from './observe-queries.ts';
import { planQuery } from './plan-query.ts';
import { describeShape, shapeOf } from './query-shape.ts';
import type { AnyDatabase, CollectionOf } from './rx-types.ts';
import { whenClosed } from './when-closed.ts';

/** A full scan of fewer documents than this is nothing to speak of. */
export const MANY_DOCUMENTS = 1_000;

/**
 * Warns on the console, once for each shape of query, when a query reads every document of a collection of more than
 * 1,000. createDatabase does so by itself when RxDB's dev-mode is on.
 *
 * @returns a function that ends it; closing the database does, too.
 */
export function warnOfScans(database: AnyDatabase): () => void {
  const warned = new Set<string>();
  const stop = observeQueries(database, {
    onRun(query) {
      const shape = shapeOf(query);
      const words = describeShape(shape);
      if (warned.has(words) || planQuery(query, shape).reads !== 'scan') return;
      countAll(query.collection)
        .then((count) => {
          if (count <= MANY_DOCUMENTS || warned.has(words)) return;
          warned.add(words);
          console.warn(
            `A query read all ${count.toLocaleString('en')} documents of '${query.collection.name}':\n${explainQuery(query).text}`,
          );
        })
        // The collection was closed meanwhile: nobody needs the warning.
        .catch(() => {});
    },
    onUpdate() {},
    // Sorting what is found for each page is the same scan.
    onPage() {},
  });
  const forget = whenClosed(database, stop);
  return () => {
    forget();
    stop();
  };
}

/** From the index; no document is read. */
async function countAll({ schema, storageInstance }: CollectionOf<unknown>): Promise<number> {
  const query = { selector: { _deleted: { $eq: false } }, sort: [{ [schema.primaryPath]: 'asc' }], skip: 0 };
  const { count } = await storageInstance.count(prepareQuery(schema.jsonSchema, query as never));
  return count;
}
