import { inspectRows } from '@breakwater/client';
import { decodeState, readRich, type State } from '@breakwater/crdt';
import type { Verdict } from '../src/judge.ts';
import { toHoldings } from '../src/judge.ts';
import { createRandom, type Random } from '../src/random.ts';
import { asRxCollection, endAll, type WorldServer } from '../src/world.ts';
import { openReader, type Reader, reconnect, startLabelledServer } from './label-helpers.ts';

const LABELS = ['red', 'blue', 'green'];
const READERS = 3;
const STEPS = 70;

/** What is stored of a note, and by what it may be read. */
interface ServerRow {
  readonly id: string;
  readonly state: State;
  readonly isDeleted: boolean;
}

/**
 * Devices whose labels change, rows that move between labels, links that are cut and acks that get lost. Answers what is
 * wrong: a device holds exactly the rows that it may read, as the server has them; every step that anybody noted is in its
 * note on the server, or in the inbox of who noted it.
 */
export async function playLabelRun(seed: number): Promise<Verdict> {
  const random = createRandom(seed);
  const server = await startLabelledServer();
  const readers: Reader[] = [];
  /** The notes that steps were noted in, by what was noted. */
  const noted = new Map<string, string>();
  try {
    for (let i = 0; i < READERS; i++) {
      readers.push(await openReader(server, `reader${i}`, someLabels(random), random.next));
    }
    for (let step = 0; step < STEPS; step++) await takeStep(random, server, random.pick(readers), { step, noted });
    await reconnect(...readers);
    // What came up last has moved rows once more.
    await reconnect(...readers);
    const rows = rowsOf(server);
    const faults = await Promise.all(readers.map((reader) => judgeReader(server, reader)));
    return [...faults.flat(), ...judgeSteps(noted, rows, readers)];
  } finally {
    await endAll(readers);
    await server.end();
  }
}

interface Noting {
  readonly step: number;
  readonly noted: Map<string, string>;
}

async function takeStep(random: Random, server: WorldServer, reader: Reader, noting: Noting): Promise<void> {
  for (let turns = random.int(6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  const dice = random.next();
  if (dice < 0.62) return write(random, reader, noting);
  if (dice < 0.74) {
    reader.labels = someLabels(random);
    return reader.sockets.cut();
  }
  if (dice < 0.79) return reader.sockets.cut();
  if (dice < 0.84) return reader.sockets.deafen();
  if (dice < 0.9) return reader.sync.pause();
  if (dice < 0.96) return reader.sync.start();
  return dice < 0.98 ? server.restart() : reader.reopen();
}

function someLabels(random: Random): string[] {
  const labels = LABELS.filter(() => random.chance(0.5));
  return labels.length === 0 ? ['none'] : labels;
}

async function write(random: Random, { name, notes }: Reader, { step, noted }: Noting): Promise<void> {
  const text = `${name} ${step}`;
  const place = { city: random.pick(LABELS) };
  const tags = random.chance(0.2) ? [random.pick(LABELS)] : [];
  const there = await notes.find().exec();
  const note = there.length === 0 || random.chance(0.3) ? undefined : random.pick(there);
  if (note === undefined) {
    await notes.insert({ id: `n${step}`, title: text, place, tags, steps: [text] });
    noted.set(text, `n${step}`);
    return;
  }
  try {
    if (random.chance(0.1)) {
      await note.incrementalRemove();
      // Who deletes a document that was never acknowledged wants nothing of it.
      for (const [own, id] of noted) if (id === note.id && own.startsWith(`${name} `)) noted.delete(own);
    } else if (random.chance(0.4)) await note.incrementalPatch({ place, tags });
    else {
      await note.incrementalModify((fields) => ({ ...fields, steps: [...(fields.steps ?? []), text] }));
      noted.set(text, note.id);
    }
  } catch {
    // It was taken away, or deleted, in between: RxDB tells who writes.
  }
}

function rowsOf({ store }: WorldServer, labels: readonly string[] = [...LABELS, 'all']): ServerRow[] {
  const { rows } = store.page('default', 'notes', { after: 0, labels, maxRows: 10_000, maxBytes: 2 ** 30 });
  return rows.map(({ id, state, deleted }) => ({ id, state: decodeState(state), isDeleted: deleted }));
}

async function judgeReader(server: WorldServer, { name, notes, labels, sync }: Reader): Promise<Verdict> {
  const expected = toHoldings(rowsOf(server, labels).map(({ id, state }) => [id, state] as const));
  const states: [string, State][] = [];
  for await (const { id, state, pending } of inspectRows(asRxCollection(notes))) {
    states.push([id, state]);
    if (pending.length > 0) return [`${name} has something pending in '${id}'`];
  }
  const found = toHoldings(states);
  const ids = [...new Set([...expected.keys(), ...found.keys()])];
  const faults = ids
    .filter((id) => expected.get(id) !== found.get(id))
    .map((id) => `${name}, who reads ${labels}, ${describe(id, expected, found)}`);
  const shown = await notes.find().exec();
  const hidden = shown
    .filter(({ id }) => !expected.has(id))
    .map(({ id }) => `${name} shows '${id}', and may not read it`);
  return [...faults, ...hidden, ...(sync.pending.rows > 0 ? [`${name} still has rows pending`] : [])];
}

function describe(id: string, expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string {
  if (!found.has(id)) return `lacks '${id}'`;
  return expected.has(id) ? `holds '${id}' otherwise than the server` : `holds '${id}', and may not`;
}

function judgeSteps(
  noted: ReadonlyMap<string, string>,
  rows: readonly ServerRow[],
  readers: readonly Reader[],
): Verdict {
  const stateById = new Map(rows.map(({ id, state }) => [id, state]));
  return [...noted].flatMap(([text, id]) => {
    const state = stateById.get(id);
    if (state !== undefined && stepsIn(state).includes(text)) return [];
    const refused = readers.flatMap(({ sync }) => sync.refused.filter((each) => each.id === id));
    const isKept = refused.some(({ document }) => ((document as { steps?: string[] }).steps ?? []).includes(text));
    return isKept ? [] : [`'${text}' is neither in '${id}' on the server nor in an inbox`];
  });
}

function stepsIn({ rich }: State): string[] {
  return readRich(rich, [['steps', 'list']]).steps as string[];
}
