import type { Instance } from './instance.ts';
import type { StoredDocument } from './row-meta.ts';

/** The storage instances that are open. While RxDB migrates a collection, it has two: the last version's and this one's. */
export interface OpenVersions {
  add(key: VersionKey, instance: Instance): void;
  /** Is a later version of the collection open, too? */
  isSuperseded(key: VersionKey, instance: Instance): boolean;
  /** These documents as the last version of the collection holds them, by id. */
  findBefore(key: VersionKey, instance: Instance, ids: readonly string[]): Promise<Map<string, StoredDocument>>;
}

export interface VersionKey {
  readonly databaseInstanceToken: string;
  readonly collectionName: string;
}

export function createOpenVersions(): OpenVersions {
  const instancesByKey = new Map<string, Set<Instance>>();

  return {
    add(key, instance) {
      const text = textOf(key);
      const instances = instancesByKey.get(text) ?? new Set();
      instancesByKey.set(text, instances.add(instance));
      const close = instance.close.bind(instance);
      instance.close = () => {
        instances.delete(instance);
        if (instances.size === 0) instancesByKey.delete(text);
        return close();
      };
    },
    isSuperseded(key, { schema }) {
      const others = [...(instancesByKey.get(textOf(key)) ?? [])];
      return others.some((other) => other.schema.version > schema.version);
    },
    async findBefore(key, instance, ids) {
      const byId = new Map<string, StoredDocument>();
      for (const other of instancesByKey.get(textOf(key)) ?? []) {
        if (other.schema.version >= instance.schema.version) continue;
        for (const document of await other.findDocumentsById([...ids], true)) {
          byId.set(String(document[primaryKeyOf(other)]), document as StoredDocument);
        }
      }
      return byId;
    },
  };
}

function textOf({ databaseInstanceToken, collectionName }: VersionKey): string {
  return JSON.stringify([databaseInstanceToken, collectionName]);
}

function primaryKeyOf({ schema: { primaryKey } }: Instance): string {
  return typeof primaryKey === 'string' ? primaryKey : primaryKey.key;
}
