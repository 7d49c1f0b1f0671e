import { inspectRows } from '@breakwater/client';
import { decodeState, type Json, type State, sameValue } from '@breakwater/crdt';
import { judge, type ReplicaReport, toHoldings, type Verdict } from './judge.ts';
import { asRxCollection, type WorldClient, type WorldServer } from './world.ts';

export type Reported = Pick<WorldClient, 'name' | 'notes' | 'sync'>;

/** {@link judgeStates}, and every client shows what the others show. */
export async function judgeWorld(server: WorldServer, clients: readonly WorldClient[]): Promise<Verdict> {
  const verdict = await judgeStates(server, clients);
  const shown = await Promise.all(clients.map(showDocuments));
  const [first = []] = shown;
  const apart = shown.filter((documents) => !sameValue(documents, first));
  return [...verdict, ...apart.map((documents) => `shown: ${JSON.stringify(documents)}, not ${JSON.stringify(first)}`)];
}

/**
 * Lets everything that is pending go up and everything that is new come down, then compares: every client holds what the
 * server holds, byte for byte, and has nothing pending.
 */
export async function judgeStates(server: WorldServer, clients: readonly WorldClient[]): Promise<Verdict> {
  await exchange(clients);
  return judge(toHoldings(statesOf(server)), await Promise.all(clients.map(reportOn)));
}

async function exchange(clients: readonly WorldClient[]): Promise<void> {
  for (const { sockets, sync } of clients) {
    sockets.cut();
    sync.start();
  }
  await Promise.all(clients.map(({ sync }) => sync.awaitInSync()));
  // After a new connection everybody has pulled what the others pushed.
  for (const { sync } of clients) {
    sync.pause();
    sync.start();
  }
  await Promise.all(clients.map(({ sync }) => sync.awaitInSync()));
}

/** What a client holds now. */
export async function reportOn({ name, notes, sync }: Reported): Promise<ReplicaReport> {
  const states: [string, State][] = [];
  let markedRows = 0;
  for await (const { id, state, pending } of inspectRows(asRxCollection(notes))) {
    states.push([id, state]);
    if (pending.length > 0) markedRows += 1;
  }
  return { name, holdings: toHoldings(states), pendingRows: Math.max(markedRows, sync.pending.rows) };
}

/** Every row of the notes, tombstones included. */
export function statesOf({ store }: WorldServer): [id: string, state: State][] {
  const states: [string, State][] = [];
  for (let after = 0; ; ) {
    const page = store.page('default', 'notes', { after, labels: ['default'], maxRows: 1_000, maxBytes: 2 ** 24 });
    states.push(...page.rows.map(({ id, state }): [string, State] => [id, decodeState(state)]));
    if (page.last) return states;
    after = page.checkpoint;
  }
}

/** What an app sees. */
async function showDocuments({ notes }: WorldClient): Promise<Json> {
  const documents = await notes.find({ sort: [{ id: 'asc' }] }).exec();
  return documents.map((document) => document.toMutableJSON()) as Json;
}
