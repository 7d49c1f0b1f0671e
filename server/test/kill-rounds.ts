import { assembleFields, decodeState } from '@breakwater/crdt';
import { notes, rowOf } from './hub-world.ts';
import { type ServerProcess, startCli } from './server-process.ts';
import { openClient, type TestClient } from './test-client.ts';

export interface KillRounds {
  /** Where the server keeps its data from one round to the next. */
  readonly cwd: string;
  readonly kills: number;
  /** Acks of one writer after which the server is killed, in the middle of what comes then. */
  readonly acksBeforeKill: (round: number) => number;
}

export interface KillReport {
  /** Rows that the server had acknowledged. */
  readonly acknowledged: number;
  /** Those of them that it does not have in the end. */
  readonly lost: readonly string[];
}

const WRITERS = 4;

/** Kills a real server under writes again and again, then looks for everything that it acknowledged. */
export async function killUnderWrites({ cwd, kills, acksBeforeKill }: KillRounds): Promise<KillReport> {
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < kills; round++) {
    await withServer(cwd, async (server) => {
      const enough = Promise.withResolvers<void>();
      const until = { acks: acksBeforeKill(round), onEnough: enough.resolve, onRefused: enough.reject };
      const writers = Array.from({ length: WRITERS }, (_, i) => write(server, `${round}-${i}`, acknowledged, until));
      const ended = Promise.all(writers);
      await Promise.race([enough.promise, ended.then(() => Promise.reject(new Error('every writer ended by itself')))]);
      await server.kill('SIGKILL');
      await ended;
    });
  }
  const stored = await withServer(cwd, async (server) => readAll(await openClient(urlOf(server))));
  const lost = [...acknowledged].filter(([id, value]) => stored.get(id) !== value).map(([id]) => id);
  return { acknowledged: acknowledged.size, lost };
}

async function withServer<T>(cwd: string, use: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await startCli({ cwd });
  try {
    return await use(server);
  } finally {
    await server.kill('SIGKILL');
  }
}

interface Until {
  readonly acks: number;
  readonly onEnough: () => void;
  readonly onRefused: (error: Error) => void;
}

/** Pushes one pair of rows after the other until the server is gone. */
async function write(
  server: ServerProcess,
  name: string,
  acknowledged: Map<string, number>,
  until: Until,
): Promise<void> {
  let acks = 0;
  try {
    const client = await openClient(urlOf(server));
    for (let value = 0; ; value++) {
      const id = `${name}-${value}`;
      const answer = await client.push(notes(rowOf(id, { value }), rowOf(`${id}-twin`, { value })));
      if (answer.type !== 'ack') return until.onRefused(new Error(`no ack but ${JSON.stringify(answer)}`));
      acknowledged.set(id, value).set(`${id}-twin`, value);
      acks += 1;
      if (acks === until.acks) until.onEnough();
    }
  } catch {
    // The server was killed: what is not acknowledged by now may be there or not.
  }
}

async function readAll(client: TestClient): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>();
  for (let checkpoint = 0; ; ) {
    const page = await client.pull('notes', checkpoint);
    if (page.type !== 'page') throw new Error(`no page but ${JSON.stringify(page)}`);
    for (const { id, bytes } of page.group.rows) values.set(id, assembleFields(decodeState(bytes)).value);
    if (page.last) return values;
    checkpoint = page.group.checkpoint;
  }
}

function urlOf({ port }: ServerProcess): string {
  return `ws://127.0.0.1:${port}/sync`;
}
