import type { RowKey } from './store.ts';

/** One text for each key: the length keeps `a` + `bc` apart from `ab` + `c`. */
export function rowKeyText({ collection, id }: RowKey): string {
  return `${collection.length} ${collection}${id}`;
}
