import type { RxCollection, RxDatabase, RxQuery } from 'rxdb';

/** A query of documents of type D, whatever it answers. */
export type QueryOf<D> = RxQuery<D, unknown>;
export type CollectionOf<D> = RxCollection<D>;

/** A database, whatever its collections. */
export type AnyDatabase = Pick<RxDatabase, 'closed' | 'onClose'>;
