import { type BulkProgress, insertMany } from '@breakwater/client';
import type { Notes } from './database.ts';
import { changedAt, type Note, titled } from './note.ts';
import type { NoteWriter } from './note-writer.ts';

/** As the build writes them into places.json. */
type PlaceRow = readonly [id: number, name: string, country: string, lat: number, lng: number, population: number];

export interface Loaded {
  readonly total: number;
  /** How many were not here before. */
  readonly added: number;
}

/** Inserts a note for each of the most populous places; those that are already here stay as they are. */
export async function loadPlaces(
  notes: Notes,
  writer: NoteWriter,
  onProgress: (progress: BulkProgress) => void,
): Promise<Loaded> {
  const places = await fetchPlaces();
  const startedAt = Date.now();
  writer.expect(startedAt - places.length, startedAt);
  // One millisecond apart, so that sorted by change they stand in the order of their population.
  const placeNotes = places.map((place, index) => toNote(place, startedAt - index));
  const { stored, failures } = await insertMany(notes, placeNotes, { onProgress });
  const failure = failures.find(({ code }) => code !== 'exists');
  if (failure !== undefined) throw new Error(`${failure.row.title} could not be added: ${failure.reason}`);
  return { total: places.length, added: stored };
}

async function fetchPlaces(): Promise<readonly PlaceRow[]> {
  const response = await fetch('places.json');
  if (!response.ok) throw new Error(`the places could not be fetched: ${response.status} ${response.statusText}`);
  return response.json();
}

/** The id is the place's own, so that two devices that load the places make no doubles. */
function toNote([id, name, country, lat, lng, population]: PlaceRow, at: number): Note {
  const place = { name, country };
  return {
    id: `geonames-${id}`,
    ...titled(name),
    place,
    lat,
    lng,
    population,
    body: '',
    ...changedAt(at),
  };
}
