import type { Notes } from './database.ts';
import { changedAt, type Note, titled } from './note.ts';

/** As the build writes them into places.json. */
type PlaceRow = readonly [id: number, name: string, country: string, lat: number, lng: number, population: number];

export interface LoadProgress {
  readonly done: number;
  readonly total: number;
  /** Of those done, how many were not here before. */
  readonly added: number;
}

/** How many notes are inserted at a time: few enough that the page stays responsive in between. */
const CHUNK = 100;

/** Inserts a note for each of the most populous places; those that are already here stay as they are. */
export async function loadPlaces(notes: Notes, onProgress: (progress: LoadProgress) => void): Promise<LoadProgress> {
  const places = await fetchPlaces();
  const total = places.length;
  const startedAt = Date.now();
  let progress: LoadProgress = { done: 0, total, added: 0 };
  onProgress(progress);
  while (progress.done < total) {
    const chunk = places.slice(progress.done, progress.done + CHUNK);
    // One millisecond apart, so that sorted by change they stand in the order of their population.
    const chunkNotes = chunk.map((place, index) => toNote(place, startedAt - progress.done - index));
    const { success } = await notes.bulkInsert(chunkNotes);
    progress = { done: progress.done + chunk.length, total, added: progress.added + success.length };
    onProgress(progress);
    await yieldToPage();
  }
  return progress;
}

async function fetchPlaces(): Promise<readonly PlaceRow[]> {
  const response = await fetch('places.json');
  if (!response.ok) throw new Error(`the places could not be fetched: ${response.status} ${response.statusText}`);
  return response.json();
}

/** The id is the place's own, so that two windows that load the places make no doubles. */
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
    visited: false,
    rating: 0,
    ...changedAt(at),
  };
}

function yieldToPage(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
