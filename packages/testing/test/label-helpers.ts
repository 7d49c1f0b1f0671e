import type { Authenticate, LabelsOf, ServerOptions } from '@breakwater/server';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

/** A token is a user and the labels to read by: `anna:red,blue`. */
const byToken: Authenticate = (token) => {
  const [user = '', labels = ''] = token.split(':');
  return { tenant: 'default', user, labels: labels.split(',').filter((label) => label !== '') };
};

/** A note may be read in the place where it is, by its tags, or, with neither, by everybody. */
export const byPlace: LabelsOf = (_collection, { place, tags = [] }) => {
  const city = (place as { readonly city?: string } | undefined)?.city;
  const labels = [...(city === undefined ? [] : [city]), ...(tags as string[])];
  return labels.length === 0 ? ['all'] : labels;
};

export function startLabelledServer(options: Pick<ServerOptions, 'labelsOf' | 'authorize'> = {}): Promise<WorldServer> {
  return startWorldServer({ authenticate: byToken, labelsOf: byPlace, ...options });
}

export interface Reader extends WorldClient {
  /** What it reads by when it connects again. */
  labels: readonly string[];
}

export async function openReader(
  server: WorldServer,
  name: string,
  labels: readonly string[],
  random: () => number = Math.random,
): Promise<Reader> {
  const reading = { labels };
  const client = await openWorldClient({
    name,
    url: server.url,
    storage: getRxStorageMemory(),
    random,
    token: () => `${name}:${reading.labels.join(',')}`,
  });
  // Assigning would read what are getters of the client once and for all.
  return Object.defineProperty(client, 'labels', {
    get: () => reading.labels,
    set(next: readonly string[]) {
      reading.labels = next;
    },
  }) as Reader;
}

/** Connects anew, and answers when everything has come and gone. */
export async function reconnect(...readers: readonly Reader[]): Promise<void> {
  for (const { sync } of readers) {
    sync.pause();
    sync.start();
  }
  await Promise.all(readers.map(({ sync }) => sync.awaitInSync()));
}

/** The ids that an app sees, sorted. */
export async function idsOf({ notes }: Reader): Promise<string[]> {
  return (await notes.find().exec()).map(({ id }) => id).sort();
}
