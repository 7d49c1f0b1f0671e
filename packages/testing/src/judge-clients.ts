import { inspectRows } from '@breakwater/client';
import { decodeState, type State } from '@breakwater/crdt';
import { judge, toHoldings, type Verdict } from './judge.ts';
import { asRxCollection, type WorldClient, type WorldServer } from './world.ts';

/** Lets everything come into step, and says what is wrong then; empty: nothing. */
export async function judgeClients(server: WorldServer, clients: readonly WorldClient[]): Promise<Verdict> {
  // What is pending goes up first; after a new connection everybody has pulled what the others pushed.
  for (const { sockets, sync } of clients) {
    sockets.cut();
    sync.start();
  }
  await Promise.all(clients.map(({ sync }) => sync.awaitInSync()));
  for (const { sync } of clients) {
    sync.pause();
    sync.start();
  }
  await Promise.all(clients.map(({ sync }) => sync.awaitInSync()));
  const replicas = await Promise.all(
    clients.map(async ({ name, notes, sync }) => {
      const states: [string, State][] = [];
      for await (const { id, state } of inspectRows(asRxCollection(notes))) states.push([id, state]);
      return { name, holdings: toHoldings(states), pendingRows: sync.pending.rows };
    }),
  );
  const { rows } = server.store.page('default', 'notes', {
    after: 0,
    labels: ['default'],
    maxRows: 1_000,
    maxBytes: 2 ** 24,
  });
  const verdict = judge(toHoldings(rows.map(({ id, state }) => [id, decodeState(state)])), replicas);
  const shown = await Promise.all(clients.map(showDocuments));
  return [...verdict, ...shown.filter((text) => text !== shown[0]).map((text) => `shown: ${text}, not ${shown[0]}`)];
}

/** What an app sees. */
async function showDocuments({ notes }: WorldClient): Promise<string> {
  const documents = await notes.find({ sort: [{ id: 'asc' }] }).exec();
  return JSON.stringify(
    documents.map(({ id, title, rating, body, tags, steps, likes }) => ({
      id,
      title,
      rating,
      body,
      tags,
      steps,
      likes,
    })),
  );
}
