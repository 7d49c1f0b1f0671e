import type { RxQueryPlan } from 'rxdb';
import type { Key, StoredFields } from './page-order.ts';

/** Reads stretches of a query's results in their order, from any place on. */
export interface PageReader {
  /** Whether an index has the order, so that a page costs the same wherever it is. */
  readonly isByIndex: boolean;
  /** How the storage reads a page, if it reads upwards. */
  readonly plan: RxQueryPlan;
  /** The documents that come after a key, or at it if it is included; from the first one on without a key. */
  after(key: Key | undefined, limit: number, isIncluded?: boolean): Promise<readonly StoredFields[]>;
  /** The last documents that come before a key, in order; the last of all without a key. */
  before(key: Key | undefined, limit: number): Promise<readonly StoredFields[]>;
  hasBefore(key: Key): Promise<boolean>;
  /** The documents from a row on; the first row is 0. */
  at(row: number, limit: number): Promise<readonly StoredFields[]>;
  countBefore(key: Key): Promise<number>;
  count(): Promise<number>;
}
