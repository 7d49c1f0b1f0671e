import { type Collections, createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import type { FloorRow } from './floor-messages.ts';

export const notesDefinition = {
  schema: {
    version: 0,
    primaryKey: 'id',
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: 40 },
      title: { type: 'string', maxLength: 100 },
      body: { type: 'string' },
      place: { type: 'string' },
      country: { type: 'string' },
      rating: { type: 'number' },
      visited: { type: 'boolean' },
      tags: { type: 'array', items: { type: 'string' } },
      updatedAt: { type: 'number', minimum: 0, maximum: 1e15, multipleOf: 1 },
    },
    required: ['title', 'updatedAt'],
    indexes: ['updatedAt'],
  },
} as const;

const collections = defineCollections({ notes: notesDefinition });

export interface Note {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly place: string;
  readonly country: string;
  readonly rating: number;
  readonly visited: boolean;
  readonly tags: string[];
  readonly updatedAt: number;
}

/** About 300 bytes as JSON, and no two alike. */
export function makeNotes(count: number): Note[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `note-${String(i).padStart(6, '0')}`,
    title: `Harbour ${i} at low tide`,
    body: `Walked along the outer wall, counted ${i % 97} boats and ${i % 31} cormorants drying their wings in the wind.`,
    place: `Pier ${i % 512}`,
    country: 'NO',
    rating: i % 6,
    visited: i % 2 === 0,
    tags: [`tag${i % 7}`, `tag${i % 11}`],
    updatedAt: 1_700_000_000_000 + i,
  }));
}

export function toFloorRows(notes: readonly Note[]): FloorRow[] {
  return notes.map((note) => ({ id: note.id, doc: JSON.stringify(note) }));
}

type Definitions = typeof collections extends Collections<infer T> ? T : never;
export type NotesDatabase = Awaited<ReturnType<typeof createDatabase<Definitions>>>;

export async function openClient(port: number) {
  const database = await createDatabase({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
  const connect = () => replicate(database, { url: `ws://127.0.0.1:${port}/sync` });
  return { database, notes: database.notes, connect };
}
