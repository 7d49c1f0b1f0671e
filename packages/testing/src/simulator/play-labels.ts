import { isOwnContext, UNDO_CONTEXT } from '@breakwater/client/sync';
import { isDeleted, readRich, type State } from '@breakwater/crdt';
import type { LabelsOf } from '@breakwater/server';
import { judge, toHoldings } from '../judge.ts';
import type { Random } from '../random.ts';
import { COLLECTIONS, type CollectionName, type Key, keyOf } from './definitions.ts';
import type { Device } from './device.ts';
import { idOf, type Written } from './model-storage.ts';
import {
  characterOf,
  editStory,
  insertOf,
  type Operation,
  patch,
  patchPlace,
  remove,
  type Write,
} from './operations.ts';
import { becomeQuiet } from './quiet.ts';
import { createWorld, type SimulatedWorld } from './world.ts';

export interface PlayLabelsOptions {
  readonly seed: number;
  /** May the server be set back to an earlier backup? What it forgets may then be on no device any more. */
  readonly setBacks?: boolean;
}

export interface PlayedLabels {
  /** How often a device got other labels. */
  readonly changes: number;
  /** Refused writes of documents that were revoked. */
  readonly revoked: number;
  /** What the judge found wrong; empty: nothing. */
  readonly verdict: readonly string[];
}

const REPLICAS = 5;
const OPERATIONS = 90;
/** Weather, then quiet, then the judge. */
const EPISODES = 3;
const MAX_STEPS = 30_000;

const LABELS = ['red', 'blue', 'green'];

/** A document is read where it is, and by everybody when it is nowhere. */
const byPlace: LabelsOf = (_collection, { place }) => {
  const { city } = (place ?? {}) as { readonly city?: string };
  return city === undefined ? LABELS : [city];
};

/** A character that a user wrote into the story of a document, and who. */
interface Noted {
  readonly device: string;
  readonly key: Key;
  readonly character: string;
}

/**
 * Plays one seed of documents that move between labels and devices that read by others, in the worst weather: once all is
 * quiet, each device has exactly what it may read, and every character that a user wrote into a text is on the server or in the
 * inbox of its device.
 */
export async function playLabels({ seed, setBacks = false }: PlayLabelsOptions): Promise<PlayedLabels> {
  const { noted, onWritten } = createNotes();
  const world = createWorld({ seed, replicas: REPLICAS, labelsOf: byPlace, onWritten });
  const { random } = world;
  let changes = 0;
  for (const device of world.devices) {
    device.labels = someLabels(random);
    device.start();
  }
  const events = setBacks ? [...EVENTS, ...SET_BACKS] : EVENTS;
  let verdict: readonly string[] = [];
  for (let episode = 0; episode < EPISODES && verdict.length === 0; episode++) {
    let left = OPERATIONS / EPISODES;
    for (let step = 0; left > 0 && step < MAX_STEPS; step++) {
      const device = random.pick(world.devices);
      if (random.chance(0.01)) {
        device.labels = someLabels(random);
        world.cut(device);
        changes += 1;
      } else if (random.chance(0.06)) left -= write(world, device) ? 1 : 0;
      else pick(events, random)(world, device);
      if (random.chance(0.5)) await world.settle();
    }
    const unrest = await becomeQuiet(world);
    verdict = unrest === undefined ? judgeLabels(world, setBacks ? [] : [...noted]) : [unrest];
  }
  const refused = world.devices.flatMap((device) => device.refused);
  return { changes, revoked: refused.filter(({ code }) => code === 'revoked').length, verdict };
}

function someLabels(random: Random): string[] {
  const labels = LABELS.filter(() => random.chance(0.5));
  return labels.length === 0 ? ['none'] : labels;
}

/** Ids that no two devices insert, so that nobody's insert is another's change. */
function write(world: SimulatedWorld, device: Device): boolean {
  if (device.app === undefined) return false;
  const { random } = world;
  const number = world.nextNumber();
  const there = [...device.rows.keys()];
  const isNew = there.length === 0 || random.chance(0.25);
  const [collection, id] = isNew ? [random.pick(COLLECTIONS), `${device.name}-${number}`] : split(random.pick(there));
  const first: Write = { collection, id, operation: operationFor(random, number, isNew) };
  if (!random.chance(0.2)) device.write(first);
  else
    device.writeBatch([
      first,
      ...moveOf(
        random,
        there.filter((each) => each !== keyOf(collection, id)),
      ),
    ]);
  return true;
}

function split(key: Key): [CollectionName, string] {
  const [collection, id = ''] = key.split('/');
  return [collection as CollectionName, id];
}

/** Some other document is taken elsewhere in the same batch. */
function moveOf(random: Random, keys: readonly Key[]): Write[] {
  if (keys.length === 0) return [];
  const [collection, id] = split(random.pick(keys));
  return [{ collection, id, operation: patchPlace({ city: random.pick(LABELS) }) }];
}

function operationFor(random: Random, number: number, isNew: boolean): Operation {
  const place = { city: random.pick(LABELS) };
  if (isNew) return insertOf({ title: `new ${number}`, place });
  const dice = random.next();
  if (dice < 0.35) return patchPlace(place);
  if (dice < 0.45) return patch({ title: `title ${number}`, rating: number });
  if (dice < 0.5) return remove;
  return editStory(characterOf(number), random.next());
}

/** Notes what users write into texts, once it has reached the disk of their device. */
function createNotes() {
  const noted = new Set<Noted>();

  function drop(isDropped: (each: Noted) => boolean): void {
    for (const each of noted) if (isDropped(each)) noted.delete(each);
  }

  return {
    noted,
    onWritten(device: string, collection: CollectionName, { previous, document, context }: Written) {
      const key = keyOf(collection, idOf(document));
      const isOwn = (each: Noted) => each.device === device && each.key === key;
      const [before, after] = [storyOf(previous), storyOf(document)];
      if (context === UNDO_CONTEXT) drop((each) => isOwn(each) && !after.includes(each.character));
      if (isOwnContext(context)) return;
      // Who deletes a document that was never acknowledged wants nothing of it.
      if (document._deleted) return drop(isOwn);
      for (const character of after) if (!before.includes(character)) noted.add({ device, key, character });
    },
  };
}

function storyOf(document: { readonly [field: string]: unknown } | undefined): string {
  return typeof document?.story === 'string' ? document.story : '';
}

type Event = (world: SimulatedWorld, device: Device) => unknown;
type Events = readonly (readonly [share: number, event: Event])[];

const EVENTS: Events = [
  [42, (_, device) => device.taskStep()],
  [12, (world, { link }) => link && world.deliverUp(link)],
  [20, (world, { link }) => link && world.deliverDown(link)],
  [8, ({ server }) => server.commitStep()],
  [5, (world, device) => world.connect(device)],
  [3, (world, device) => world.noticeClient(device)],
  [1.5, (world) => world.noticeServer()],
  [0.15, (world) => world.restartServer()],
  [0.8, (world, device) => world.cut(device)],
  [0.4, (world, device) => device.isOff || world.crash(device)],
  [1.2, (_, device) => device.isOff && device.start()],
  [1.25, (world) => world.advance(world.random.int(400))],
];

const SET_BACKS: Events = [
  [0.2, ({ server }) => server.backUp()],
  [0.2, (world) => world.setServerBack()],
];

function pick(events: Events, random: Random): Event {
  let dice = random.next() * events.reduce((sum, [share]) => sum + share, 0);
  for (const [share, event] of events) {
    dice -= share;
    if (dice < 0) return event;
  }
  return () => {};
}

function judgeLabels({ server, devices, faults }: SimulatedWorld, noted: readonly Noted[]): string[] {
  const held = devices.flatMap((device) => {
    const replica = { name: device.name, holdings: toHoldings(device.rows), pendingRows: device.app?.pendingRows ?? 0 };
    return judge(toHoldings(server.rowsFor(device.labels)), [replica]).map((fault) => `${fault} (${device.labels})`);
  });
  const rows = server.rowsFor(LABELS);
  const lost = noted.filter(({ device, key, character }) => {
    const state = rows.get(key);
    // Nor does anybody get back what they had in a document that somebody else has deleted, when that is refused.
    if (state !== undefined && isDeleted(state)) return false;
    return !isIn(state, character) && !isKept(devices, device, key, character);
  });
  return [
    ...faults,
    ...held,
    ...lost.map(({ device, key, character }) => `${device} lost ${character.codePointAt(0)} of ${key}`),
  ];
}

function isIn(state: State | undefined, character: string): boolean {
  return state !== undefined && String(readRich(state.rich, [['story', 'text']]).story).includes(character);
}

function isKept(devices: readonly Device[], name: string, key: Key, character: string): boolean {
  const refused = devices.find((device) => device.name === name)?.refused ?? [];
  return refused.some(({ collection, id, document }) => {
    return keyOf(collection, id) === key && String((document as { story?: string }).story).includes(character);
  });
}
