import { readRich } from '@breakwater/crdt';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findNote, openNote, showsBody } from '../src/live-helpers.ts';
import { createRandom } from '../src/random.ts';
import { readTrace, type TextEdit, textAfter, typeBySeed } from '../src/typing-session.ts';
import { endAll, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { judgeWorld, statesOf } from '../src/world-judge.ts';

/** A file with a recorded session to be played instead of one by seed: JSON, [[position, removed, inserted…], …]. */
const TRACE = process.env.BREAKWATER_TRACE;
const EDITS = 20_000;
const SEED = Number(process.env.BREAKWATER_SEED ?? 1);

/** The link is cut after so many edits. */
const CUT_EVERY = 5_000;

/** So many keystrokes come in one turn of the event loop. Nobody types as fast; what happens in between is the same. */
const EDITS_IN_A_TURN = 50;

let server: WorldServer;
const clients: WorldClient[] = [];

beforeEach(async () => {
  server = await startWorldServer();
});

afterEach(async () => {
  await endAll(clients.splice(0));
  await server.end();
});

async function openClient(name: string): Promise<WorldClient> {
  const client = await openWorldClient({ name, url: server.url, random: Math.random, storage: getRxStorageMemory() });
  clients.push(client);
  return client;
}

const storedText = () => {
  const [, state] = statesOf(server).find(([id]) => id === 'a') ?? [];
  return readRich(state?.rich, [['body', 'text']]).body;
};

async function type(writer: WorldClient, edits: readonly TextEdit[]): Promise<string> {
  const live = await writer.sync.open(await writer.notes.findOne('a').exec(true));
  const text = live.text('body');
  for (const [i, [position, remove, insert = '']] of edits.entries()) {
    live.doc.transact(() => {
      if (remove > 0) text.delete(position, remove);
      if (insert !== '') text.insert(position, insert);
    });
    if (i % EDITS_IN_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (i % CUT_EVERY === CUT_EVERY - 1) writer.sockets.cut();
  }
  await live.close();
  return text.toString();
}

/** Words of one device each, so that what is lost or doubled shows, whatever order they came into. */
function wordsOf(text: string): string[] {
  return text.split(' ').filter(Boolean).sort();
}

it.each([1, 2, 3])(
  '[LE3] three devices type at once, patch in between, and lose the link (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    const random = createRandom(seed);
    const devices = [await openClient('ada'), await openClient('bo'), await openClient('cy')];
    await devices[0]?.notes.insert({ id: 'a', title: 'Log', body: '' });
    const opened = await Promise.all(devices.map(async (device) => ({ device, live: await openNote(device) })));
    const words: string[] = [];
    for (let i = 0; i < 150; i++) {
      const { device, live } = random.pick(opened);
      const text = live.text('body');
      // Never within another word, which would be none any more.
      const place = random.chance(0.5) ? 0 : text.length;
      words.push(`${i}`);
      if (random.chance(0.1)) {
        const note = await findNote(device);
        await note.incrementalModify((fields) => ({ ...fields, body: `${fields.body} ${i} ` }));
      } else text.insert(place, ` ${i} `);
      if (random.chance(0.05)) device.sockets.cut();
      if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
    }
    const shown = () => opened.map(({ live }) => wordsOf(live.text('body').toString()));
    const all = words.sort();
    await expect.poll(shown, { timeout: 20_000 }).toEqual([all, all, all]);
    await Promise.all(opened.map(({ live }) => live.close()));
    expect(await judgeWorld(server, devices)).toEqual([]);
    expect(wordsOf(String(storedText()))).toEqual(all);
  },
);

const what = TRACE === undefined ? `${EDITS.toLocaleString('en')} edits by seed ${SEED}` : 'a recorded session';

it(`[LE15] ${what}, with cut links: the same text, letter by letter, everywhere`, { timeout: 600_000 }, async () => {
  const edits = TRACE === undefined ? typeBySeed(SEED, EDITS) : await readTrace(TRACE);
  const expected = textAfter(edits);
  const [writer, watcher] = [await openClient('writer'), await openClient('watcher')];
  await writer.notes.insert({ id: 'a', title: 'Log', body: '' });
  const watched = showsBody(watcher, expected);
  expect(await type(writer, edits)).toBe(expected);
  await writer.sync.awaitInSync();
  await watched;
  expect((await writer.notes.findOne('a').exec(true)).body).toBe(expected);
  expect(storedText()).toBe(expected);
  await server.restart();
  expect(storedText()).toBe(expected);
  await showsBody(await openClient('fresh'), expected);
});
