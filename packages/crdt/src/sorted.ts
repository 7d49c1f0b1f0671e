/** Sorts in place. Most states come from bytes, and what comes from bytes is sorted already: looking is cheaper. */
export function sorted<T extends string>(items: T[]): T[] {
  for (let i = 1; i < items.length; i++) if ((items[i] as T) < (items[i - 1] as T)) return items.sort();
  return items;
}
