/** What the benchmarks write: about 300 bytes as JSON, and no two alike. */
export const notesSchema = {
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
} as const;

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

export function makeNotes(count: number): Note[] {
  return Array.from({ length: count }, (_, i) => makeNote(i));
}

export function makeNote(i: number): Note {
  return {
    id: `note-${String(i).padStart(6, '0')}`,
    title: `Harbour ${i} at low tide`,
    body: `Walked along the outer wall, counted ${i % 97} boats and ${i % 31} cormorants drying their wings in the wind.`,
    place: `Pier ${i % 512}`,
    country: 'NO',
    rating: i % 6,
    visited: i % 2 === 0,
    tags: [`tag${i % 7}`, `tag${i % 11}`],
    updatedAt: 1_700_000_000_000 + i,
  };
}
