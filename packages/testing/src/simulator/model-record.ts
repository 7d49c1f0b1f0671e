import type { RecordKeeper } from '@breakwater/client/sync';
import type { Disk } from './model-storage.ts';
import type { Tasks } from './tasks.ts';

/** A record of replication on a device's disk: changed at once in memory, written in order when the simulation says so. */
export function openModelRecord<T extends object>(name: string, fresh: T, disk: Disk, tasks: Tasks): RecordKeeper<T> {
  const { recordsByName } = disk;
  let value = (recordsByName.get(name) as T | undefined) ?? fresh;
  let writing: Promise<void> = Promise.resolve();
  return {
    get value() {
      return value;
    },
    set(change) {
      value = { ...value, ...change };
      writing = writing.then(() => tasks.add(() => void recordsByName.set(name, value)));
      return writing;
    },
  };
}
