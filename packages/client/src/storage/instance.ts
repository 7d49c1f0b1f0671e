import type { RxStorageInstance } from 'rxdb';

/** A storage's instance for one collection, whatever its fields and its kind. */
export type Instance = RxStorageInstance<{ [field: string]: unknown }, unknown, unknown, unknown>;
