/** A map that forgets what was set longest ago when it has too many. */
export interface Recent<V> {
  get(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: V): void;
  delete(key: string): void;
  keys(): Iterable<string>;
}

export function createRecent<V>(maxKeys: number): Recent<V> {
  /** Made when there is something: every session has some of these, and most never need them. */
  let values: Map<string, V> | undefined;

  return {
    get: (key) => values?.get(key),
    has: (key) => values?.has(key) ?? false,
    set(key, value) {
      values ??= new Map();
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > maxKeys && oldest !== undefined) values.delete(oldest);
    },
    delete: (key) => void values?.delete(key),
    keys: () => values?.keys() ?? [],
  };
}
