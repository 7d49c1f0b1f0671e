/** What a document of the collection `notes` is. */
export const noteSchema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 64 },
    title: { type: 'string' },
    /** The title as the list searches and sorts it, see {@link titleKeyOf}. */
    titleKey: { type: 'string', maxLength: 120 },
    place: {
      type: 'object',
      properties: { name: { type: 'string' }, country: { type: 'string' } },
      required: ['name', 'country'],
    },
    lat: { type: 'number' },
    lng: { type: 'number' },
    population: { type: 'number' },
    body: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    likes: { type: 'number' },
    /** Who wrote a field last, and when, see {@link signature}: written with the field, so the two win together. */
    by: {
      type: 'object',
      properties: {
        title: { type: 'string' },
        place: { type: 'string' },
        country: { type: 'string' },
        tags: { type: 'string' },
        body: { type: 'string' },
        photos: { type: 'string' },
      },
    },
    /** Milliseconds since 1970. */
    updatedAt: { type: 'number', minimum: 0, maximum: 8_640_000_000_000_000, multipleOf: 1 },
    /** The negative of updatedAt: an index is only ever walked upwards, and the newest note comes first. */
    newestFirst: { type: 'number', minimum: -8_640_000_000_000_000, maximum: 0, multipleOf: 1 },
  },
  required: ['id', 'title', 'titleKey', 'place', 'body', 'updatedAt', 'newestFirst'],
  indexes: ['titleKey', 'newestFirst'],
  attachments: {},
} as const;

/** What of a note has an author. */
export const AUTHORED = ['title', 'place', 'country', 'tags', 'body', 'photos'] as const;

export type Authored = (typeof AUTHORED)[number];

export interface Note {
  id: string;
  title: string;
  titleKey: string;
  place: { name: string; country: string };
  lat?: number;
  lng?: number;
  population?: number;
  body: string;
  tags?: string[];
  likes?: number;
  by?: { [field in Authored]?: string };
  updatedAt: number;
  newestFirst: number;
}

/** Longest key that the schema admits. */
const KEY_LENGTH = 120;

/** Titles that a person takes for the same letters get the same key: without case and without accents. */
export function titleKeyOf(title: string): string {
  return title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trimStart().slice(0, KEY_LENGTH);
}

/** `A 1764000000000`: device A, at that time. */
export function signature(author: string, at: number): string {
  return `${author} ${at}`;
}

export interface Signed {
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Who wrote a field last; undefined: nobody since it came into the journal. */
export function signedBy({ by }: Pick<Note, 'by'>, field: Authored): Signed | undefined {
  const [author, at] = by?.[field]?.split(' ') ?? [];
  return author === undefined ? undefined : { author, at: Number(at) };
}

/** The fields that say when a note was changed. */
export function changedAt(at: number): Pick<Note, 'updatedAt' | 'newestFirst'> {
  return { updatedAt: at, newestFirst: -at };
}

/** The fields that follow from the title. */
export function titled(title: string): Pick<Note, 'title' | 'titleKey'> {
  return { title, titleKey: titleKeyOf(title) };
}
