import { inspectRows } from '@breakwater/client';
import { addRxPlugin, type RxStorage } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { RxDBCleanupPlugin } from 'rxdb/plugins/cleanup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  asRxCollection,
  endAll,
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldNotes,
  type WorldServer,
} from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

addRxPlugin(RxDBAttachmentsPlugin);
addRxPlugin(RxDBCleanupPlugin);

type Note = Awaited<ReturnType<WorldNotes['insert']>>;
type Act = (client: WorldClient) => Promise<unknown>;

const FIRST = { id: 'a', title: 'Hull', body: 'one two', rating: 1, tags: ['x'], steps: ['one'], likes: 2 };
/** Says less than the first one: what it does not say must not come back. */
const AGAIN = { id: 'a', title: 'Keel', body: 'anew' };
const SHOWN_AGAIN = { ...AGAIN, tags: [], steps: [], likes: 0 };

const insert =
  (fields: typeof AGAIN | typeof FIRST): Act =>
  ({ notes }) =>
    notes.insert(fields);
const remove: Act = async ({ notes }) => (await notes.findOne('a').exec(true)).remove();
const patch =
  (change: Parameters<Note['patch']>[0]): Act =>
  async ({ notes }) =>
    (await notes.findOne('a').exec(true)).patch(change);
const attach =
  (id: string, text: string): Act =>
  async ({ notes }) =>
    (await notes.findOne('a').exec(true)).putAttachment({ id, data: new Blob([text]), type: 'text/plain' });
const cleanUp: Act = ({ notes }) => notes.cleanup(0);

/** Three devices and a server: what becomes of one row. */
export function describeLife(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`the life of a row on ${title}`, () => {
    let server: WorldServer;
    const devices: WorldClient[] = [];
    let aheadMs: number;

    beforeEach(async () => {
      aheadMs = 0;
      server = await startWorldServer();
      for (const name of ['one', 'two', 'three']) await openDevice(name);
    });

    afterEach(async () => {
      await endAll(devices.splice(0));
      await server.end();
    });

    async function openDevice(name: string): Promise<void> {
      const now = () => Date.now() + aheadMs;
      devices.push(await openWorldClient({ name, url: server.url, storage: storage(), random: Math.random, now }));
    }

    function device(number: 1 | 2 | 3): WorldClient {
      const found = devices[number - 1];
      if (found === undefined) throw new Error(`there is no device ${number}`);
      return found;
    }

    /** Each later than the one before, by every clock. */
    async function perform(...acts: readonly (readonly [1 | 2 | 3, Act])[]): Promise<void> {
      for (const [number, act] of acts) {
        aheadMs += 10;
        await act(device(number));
      }
    }

    async function offline(...acts: readonly (readonly [1 | 2 | 3, Act])[]): Promise<void> {
      for (const { sync } of devices) sync.pause();
      await perform(...acts);
    }

    /** Everybody ends equal. Answers what they show; null: nothing. */
    async function meet(): Promise<object | null> {
      expect(await judgeWorld(server, devices)).toEqual([]);
      return (await device(3).notes.findOne('a').exec())?.toMutableJSON() ?? null;
    }

    async function registers(): Promise<ReadonlyMap<string, unknown>> {
      for await (const { id, state } of inspectRows(asRxCollection(device(3).notes))) {
        if (id === 'a') return new Map([...state.registers].map(([path, { value }]) => [path, value]));
      }
      return new Map();
    }

    async function everybodyHas(fields: typeof FIRST): Promise<void> {
      await perform([1, insert(fields)]);
      expect(await meet()).toMatchObject(fields);
    }

    it.each<[string, [1 | 2, Act][]]>([
      [
        'edited, then deleted',
        [
          [2, patch({ title: 'Stern', body: 'one two three' })],
          [1, remove],
        ],
      ],
      [
        'deleted, then edited',
        [
          [1, remove],
          [2, patch({ title: 'Stern', body: 'one two three' })],
        ],
      ],
    ])('[LV1] %s, without knowing of each other: deleted, with the edits in the tombstone', async (_order, acts) => {
      await everybodyHas(FIRST);
      await offline(...acts);
      expect(await meet()).toBeNull();
      expect((await registers()).get('title')).toBe('Stern');
    });

    it('[LV2] deleted here, inserted there: as it was inserted, nothing of before', async () => {
      await everybodyHas(FIRST);
      await perform([1, remove]);
      expect(await meet()).toBeNull();
      await perform([2, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it('[LV2] deleted and inserted again and again before anybody hears of it: as it was inserted last', async () => {
      await everybodyHas(FIRST);
      await offline([1, remove], [1, insert(FIRST)], [1, remove], [1, insert(FIRST)], [1, remove], [1, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
      await offline([1, remove], [2, remove], [3, remove]);
      expect(await meet()).toBeNull();
    });

    it('[LV3] deleted on several devices: deleted', async () => {
      await everybodyHas(FIRST);
      await offline([1, remove], [2, remove]);
      expect(await meet()).toBeNull();
    });

    it('[LV4] inserted again on two devices that knew of the deletion: as the later one did', async () => {
      await everybodyHas(FIRST);
      await perform([1, remove]);
      await meet();
      await offline([1, insert({ ...FIRST, body: 'of the first' })], [2, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it('[LV4] deleted and inserted again on two devices: as the later one did', async () => {
      await everybodyHas(FIRST);
      await offline([1, remove], [2, remove], [1, insert({ ...FIRST, body: 'of the first' })], [2, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it('[LV4] inserted again on one, deleted by another that had not heard: the insert stands', async () => {
      await everybodyHas(FIRST);
      await offline([1, remove], [2, remove], [1, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it.each<[string, [1 | 2, Act][]]>([
      [
        'before',
        [
          [2, patch({ body: 'one two three' })],
          [1, remove],
          [1, insert(AGAIN)],
        ],
      ],
      [
        'after',
        [
          [1, remove],
          [1, insert(AGAIN)],
          [2, patch({ body: 'one two three' })],
        ],
      ],
    ])('[LV5] a text edited %s it was deleted and inserted again: as it was inserted', async (_order, acts) => {
      await everybodyHas(FIRST);
      await offline(...acts);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it.each<[string, Act[]]>([
      ['edited', [patch({ title: 'Keel', body: 'anew' })]],
      ['deleted', [remove]],
      ['deleted and inserted again', [remove, insert(AGAIN)]],
      ['deleted, inserted and deleted again', [remove, insert(AGAIN), remove]],
    ])('[LV6] %s while the push of its insert is in flight: so it ends', async (_act, acts) => {
      await device(1).sync.awaitInSync();
      device(1).sockets.deafen();
      await perform([1, insert(FIRST)]);
      await expect.poll(() => server.store.head('default', 'notes')).toBe(1);
      await perform(...acts.map((act) => [1, act] as const));
      const shown = await meet();
      if (acts.at(-1) === remove) expect(shown).toBeNull();
      else expect(shown).toMatchObject(AGAIN);
    });

    it('[LV6] inserted again while the push of its deletion is in flight: as it was inserted', async () => {
      await everybodyHas(FIRST);
      device(1).sockets.deafen();
      await perform([1, remove]);
      await expect.poll(() => server.store.head('default', 'notes')).toBe(2);
      await perform([1, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it.each([
      ['that was pushed', true],
      ['that was not pushed yet', false],
    ])("[LV7] RxDB's cleanup after a deletion %s: an insert of the id stands", async (_when, isPushed) => {
      await everybodyHas(FIRST);
      if (!isPushed) for (const { sync } of devices) sync.pause();
      await perform([1, remove]);
      if (isPushed) await meet();
      await perform([1, cleanUp], [1, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
    });

    it("[LV7] RxDB's cleanup of a document that never left the device: deleted everywhere", async () => {
      await offline([1, insert(FIRST)], [1, remove], [1, cleanUp]);
      expect(await meet()).toBeNull();
    });

    it('[LV8] attachments stay with what was deleted, and are gone from what is inserted after it', async () => {
      await everybodyHas(FIRST);
      await perform([1, attach('plan', 'old')]);
      await meet();
      await offline([1, remove], [2, attach('sketch', 'newer')]);
      await meet();
      expect((await registers()).get('_attachments.plan')).toMatchObject({ length: 3 });
      expect((await registers()).get('_attachments.sketch')).toMatchObject({ length: 5 });
      await perform([2, insert(AGAIN)]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
      expect([...(await registers()).keys()].filter((path) => path.startsWith('_attachments'))).toEqual([]);
    });

    it('[LV8] one put on a document that meanwhile was deleted and inserted again is there', async () => {
      await everybodyHas(FIRST);
      await offline([1, remove], [1, insert(AGAIN)], [2, attach('sketch', 'newer')]);
      expect(await meet()).toEqual(SHOWN_AGAIN);
      expect((await registers()).get('_attachments.sketch')).toMatchObject({ length: 5 });
      const note = await device(2).notes.findOne('a').exec(true);
      expect(await (await note.getAttachment('sketch')?.getData())?.text()).toBe('newer');
    });
  });
}
