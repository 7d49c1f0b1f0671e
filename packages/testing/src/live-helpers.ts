import { type InspectedRow, inspectRows, type LiveDocument } from '@breakwater/client';
import { filter, firstValueFrom } from 'rxjs';
import { asRxCollection, type WorldClient, type WorldNotes } from './world.ts';

/** The note as a type, for open ones. */
export type WorldNote = ReturnType<Awaited<ReturnType<WorldNotes['insert']>>['toMutableJSON']>;

type WithNotes = Pick<WorldClient, 'notes'>;

export function findNote({ notes }: WithNotes, id = 'a') {
  return notes.findOne(id).exec(true);
}

/** Opens the note once it is there. */
export async function openNote(client: Pick<WorldClient, 'notes' | 'sync'>, id = 'a') {
  const note = await firstValueFrom(client.notes.findOne(id).$.pipe(filter((found) => found !== null)));
  return client.sync.open(note);
}

/** Resolves once a query shows this body. */
export async function showsBody({ notes }: WithNotes, body: string, id = 'a'): Promise<void> {
  await firstValueFrom(notes.findOne(id).$.pipe(filter((found) => found?.body === body)));
}

export async function inspectNote({ notes }: WithNotes, id = 'a'): Promise<InspectedRow> {
  for await (const row of inspectRows(asRxCollection(notes))) if (row.id === id) return row;
  throw new Error(`there is no row '${id}'`);
}

export async function isLive({ status$ }: Pick<LiveDocument, 'status$'>): Promise<void> {
  await firstValueFrom(status$.pipe(filter((status) => status === 'live')));
}

/** Resolves once an open document shows this text. */
export function showsText(live: LiveDocument<WorldNote>, text: string): Promise<void> {
  const shared = live.text('body');
  return new Promise((resolve) => {
    const look = () => {
      if (shared.toString() !== text) return;
      shared.unobserve(look);
      resolve();
    };
    shared.observe(look);
    look();
  });
}
