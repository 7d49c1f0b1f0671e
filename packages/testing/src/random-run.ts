import { randomUUID } from 'node:crypto';
import type { RxStorage } from 'rxdb';
import { createAcknowledgedRows } from './acknowledged-rows.ts';
import type { Verdict } from './judge.ts';
import { createRandom, type Random } from './random.ts';
import { endAll, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from './world.ts';
import { judgeWorld, statesOf } from './world-judge.ts';

const CLIENTS = 3;
const TABS = 2;
const STEPS = 60;
const IDS = ['a', 'b', 'c', 'd', 'e', 'constructor'];
/** Repeats a text until its Yjs state is pushed as diffs. */
const LONG = 2_500;
const HOUR_MS = 3_600_000;

export interface RandomRunOptions {
  readonly storage: () => RxStorage<unknown, unknown>;
  /** Are the first two of the clients tabs of one database? */
  readonly withTabs?: boolean;
}

/** Three clients and a server whose sockets are cut, whose acks get lost and which is restarted. Answers what is wrong. */
export async function playRandomRun(seed: number, options: RandomRunOptions): Promise<Verdict> {
  const random = createRandom(seed);
  const server = await startWorldServer();
  const clients: WorldClient[] = [];
  try {
    const databaseName = `tabs-${randomUUID()}`;
    const skews = Array.from({ length: CLIENTS }, () => (random.int(3) - 1) * HOUR_MS);
    for (let i = 0; i < CLIENTS; i++) {
      const isTab = options.withTabs === true && i < TABS;
      clients.push(
        await openWorldClient({
          name: isTab ? `tab${i}` : `client${i}`,
          url: server.url,
          storage: options.storage(),
          random: random.next,
          clockSkewMs: skews[isTab ? 0 : i] ?? 0,
          ...(isTab ? { tab: { databaseName, number: i } } : {}),
        }),
      );
    }
    const acknowledged = createAcknowledgedRows();
    for (let step = 0; step < STEPS; step++) {
      const client = random.pick(clients);
      await takeStep(random, server, client);
      if (random.chance(0.1)) await acknowledged.note(client);
    }
    const verdict = await judgeWorld(server, clients);
    return [...acknowledged.judge(statesOf(server)), ...verdict];
  } finally {
    await endAll(clients);
    await server.end();
  }
}

async function takeStep(random: Random, server: WorldServer, client: WorldClient): Promise<void> {
  for (let turns = random.int(6); turns > 0; turns--) await turn();
  const dice = random.next();
  if (dice < 0.7) return write(random, client);
  if (dice < 0.76) return client.sockets.cut();
  if (dice < 0.82) return client.sockets.deafen();
  if (dice < 0.86) return client.sync.pause();
  if (dice < 0.9) return client.sync.start();
  if (dice < 0.94) return server.restart();
  return client.reopen();
}

/** One turn of the event loop: sockets and storages move on a little. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function write(random: Random, { notes }: WorldClient): Promise<void> {
  const id = random.pick(IDS);
  const title = `title ${random.int(1000)}`;
  const existing = await notes.findOne(id).exec();
  if (existing === null) {
    const tags = random.chance(0.5) ? { tags: [`t${random.int(5)}`], steps: ['step 0'], likes: 1 } : {};
    // News from the server may have brought the document meanwhile: then this write simply fails.
    const body = `body ${random.int(1000)}`.repeat(random.chance(0.1) ? LONG : 1);
    await notes.bulkInsert([{ id, title, body, ...tags }]);
    return;
  }
  switch (random.int(8)) {
    case 0:
      await existing.incrementalPatch({ title });
      return;
    case 1:
      await existing.incrementalPatch({ rating: random.int(6), body: `body ${random.int(1000)}` });
      return;
    case 2:
      await existing.incrementalModify(({ body: _body, ...data }) => data);
      return;
    case 3:
      await existing.incrementalModify((data) => ({
        ...data,
        place: { ...data.place, city: `city ${random.int(9)}` },
      }));
      return;
    case 4:
      await existing.incrementalModify((data) => ({ ...data, place: { ...data.place, street: `${random.int(9)}` } }));
      return;
    case 5:
      await existing.incrementalModify((data) => ({
        ...data,
        body: spliced([...(data.body ?? '')], `${random.int(9)}😀`, random).join(''),
        likes: (data.likes ?? 0) + random.int(5) - 1,
      }));
      return;
    case 6:
      await existing.incrementalModify((data) => ({
        ...data,
        tags: spliced(data.tags ?? [], `t${random.int(5)}`, random),
        steps: spliced(data.steps ?? [], `step ${random.int(5)}`, random),
      }));
      return;
    default:
      await existing.incrementalRemove();
  }
}

/** Removes up to one item somewhere and puts the new one there. */
function spliced(items: readonly string[], item: string, random: Random): string[] {
  return items.toSpliced(random.int(items.length + 1), random.int(2), item);
}
