import { type CollectionSchema, defineCollections } from '@breakwater/crdt';
import type { RxStorage } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { createDatabase } from '../src/create-database.ts';

export interface Port {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly berths: number;
  readonly isOpen: boolean;
  readonly tags?: string[];
}

const portSchema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 40 },
    name: { type: 'string', maxLength: 60 },
    country: { type: 'string', maxLength: 2 },
    berths: { type: 'integer', minimum: 0, maximum: 10_000, multipleOf: 1 },
    isOpen: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    note: { type: 'string' },
    depth: { type: 'number' },
  },
  required: ['name', 'country', 'berths', 'isOpen'],
} as const;

/** Ports with these indexes, and nothing else. */
export function openPorts(
  indexes: CollectionSchema['indexes'] = [],
  storage: RxStorage<unknown, unknown> = getRxStorageMemory(),
  name = `ports-${crypto.randomUUID()}`,
) {
  const collections = defineCollections({ ports: { schema: { ...portSchema, indexes } } });
  return createDatabase({ name, storage, collections, multiInstance: false });
}

export type PortsDatabase = Awaited<ReturnType<typeof openPorts>>;

export function makePorts(count: number): Port[] {
  const countries = ['NO', 'FR', 'JP', 'CL', 'NZ'];
  return Array.from({ length: count }, (_, i) => ({
    id: `port-${String(i).padStart(6, '0')}`,
    name: `Port ${(i * 7919) % count}`,
    country: countries[i % countries.length] ?? 'NO',
    berths: (i * 31) % 97,
    isOpen: i % 3 !== 0,
  }));
}
