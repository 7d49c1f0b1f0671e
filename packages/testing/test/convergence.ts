import type { RxStorage } from 'rxdb';
import { expect, it } from 'vitest';
import { judgeClients } from '../src/judge-clients.ts';
import { createRandom, type Random } from '../src/random.ts';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

const CLIENTS = 3;
const STEPS = 60;
const IDS = ['a', 'b', 'c', 'd', 'e', 'constructor'];
/** Repeats a text until its Yjs state is pushed as diffs. */
const LONG = 2_500;
const HOUR_MS = 3_600_000;

export interface ConvergenceOptions {
  readonly storage: () => RxStorage<unknown, unknown>;
  readonly runs: number;
  /** Can a database be closed and opened again with what it held? */
  readonly canReopen: boolean;
  /** What repeats a run, but for the seed. */
  readonly command: string;
}

/**
 * Random runs of three devices and a server whose sockets are cut, whose acks get lost and which is restarted.
 * BREAKWATER_RUNS plays more of them; BREAKWATER_SEED one only.
 */
export function describeConvergence(title: string, options: ConvergenceOptions): void {
  const fixed = process.env.BREAKWATER_SEED;
  const first = fixed === undefined ? 1 : Number(fixed);
  const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? options.runs) : 1;
  it(`[SY1] ${title}: all replicas end equal, with nothing pending (${runs} runs)`, {
    timeout: 20_000 + 2_000 * runs,
  }, async () => {
    for (let seed = first; seed < first + runs; seed++) {
      const verdict = await play(seed, options).catch((error: unknown) => [String(error)]);
      expect(verdict, `seed ${seed} failed; repeat it with: BREAKWATER_SEED=${seed} ${options.command}`).toEqual([]);
    }
  });
}

async function play(seed: number, options: ConvergenceOptions): Promise<readonly string[]> {
  const random = createRandom(seed);
  const server = await startWorldServer();
  const clients: WorldClient[] = [];
  try {
    for (let i = 0; i < CLIENTS; i++) {
      clients.push(
        await openWorldClient({
          name: `client${i}`,
          url: server.url,
          storage: options.storage(),
          random: random.next,
          clockSkewMs: (random.int(3) - 1) * HOUR_MS,
        }),
      );
    }
    for (let step = 0; step < STEPS; step++) await takeStep(random, server, random.pick(clients), options.canReopen);
    return await judgeClients(server, clients);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await server.end();
  }
}

async function takeStep(random: Random, server: WorldServer, client: WorldClient, canReopen: boolean): Promise<void> {
  for (let turns = random.int(6); turns > 0; turns--) await turn();
  const dice = random.next();
  if (dice < 0.7) return write(random, client);
  if (dice < 0.76) return client.sockets.cut();
  if (dice < 0.82) return client.sockets.deafen();
  if (dice < 0.86) return client.sync.pause();
  if (dice < 0.9) return client.sync.start();
  if (dice < 0.94) return server.restart();
  if (canReopen) return client.reopen();
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
