import { encodeState, formatStamp, NO_STAMP, toPath } from '@breakwater/crdt';
import type { DownMessage, Row } from '@breakwater/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settlePromises } from '../../packages/testing/src/manual-scheduler.ts';
import { createRoomChannels } from '../src/rooms/room-channels.ts';
import type { RoomPeer } from '../src/rooms/room-peer.ts';
import { type BlobHubWorld, createBlobHubWorld, type Device } from './blob-hub-world.ts';
import { attach, blobOf, noise } from './blob-world.ts';
import { deltaOf, notes, rowOf } from './hub-world.ts';

const picture = noise(5_000);

/** Deltas are held against it. */
const SEQ = 2;

/** A whole row of the team `blue`, stamped tomorrow. */
function ofTomorrow(id: string): Row {
  const stamp = formatStamp({ ms: Date.now() + 86_400_000, counter: 0, node: 'a'.repeat(10) });
  const registers = new Map([[toPath(['team']), { stamp, value: 'blue' }]]);
  return rowOf(id, {}, { bytes: encodeState({ generation: NO_STAMP, partial: false, registers }) });
}

let world: BlobHubWorld;
let owner: Device;

beforeEach(async () => {
  world = createBlobHubWorld({ labelsOf: (_collection, { team }) => [String(team)] });
  owner = world.device('rosa', { labels: ['red'] });
  await owner.push(notes(rowOf('there', { team: 'red' })));
  await owner.push(notes(attach('there', { picture })));
  await owner.wants();
  await owner.upload(picture);
});

afterEach(() => world.end());

const strangers = [
  ['of another tenant', { tenant: 'other', labels: ['red'] }],
  ['without one of its labels', { labels: ['blue'] }],
] as const;

/** What somebody does with a row, and everything that they hear of it. */
const doors: readonly (readonly [string, (stranger: Device, id: string) => Promise<unknown>])[] = [
  ['gets it', async (stranger, id) => plain(stranger.get(id))],
  [
    'pushes a change of it',
    async (stranger, id) => plain(await stranger.push(notes(deltaOf(id, { team: 'blue' }, SEQ)))),
  ],
  [
    'deletes it by a change',
    async (stranger, id) => plain(await stranger.push(notes(deltaOf(id, { _deleted: true }, SEQ)))),
  ],
  [
    'pushes what is no state',
    async (stranger, id) => plain(await stranger.push(notes(rowOf(id, {}, { bytes: Uint8Array.of(9) })))),
  ],
  ['pushes it with stamps of tomorrow', async (stranger, id) => plain(await stranger.push(notes(ofTomorrow(id))))],
  [
    'pushes it in a batch with a change',
    async (stranger, id) => plain(await stranger.pushAtomic(notes(deltaOf(id, {}, SEQ)))),
  ],
  ['downloads its picture', (stranger, id) => stranger.download(id, picture)],
  ['downloads another picture of it', (stranger, id) => stranger.download(id, blobOf('none'))],
  ['sends its picture', (stranger) => stranger.piece(picture, 0)],
  [
    'enters its room',
    async (stranger, id) => {
      const heard: DownMessage[] = [];
      const channels = createRoomChannels({ rooms: world.rooms, peer: stranger.peer, probe: () => {} });
      const before = stranger.heard.length;
      await channels.open({
        type: 'room-open',
        channel: 1,
        room: { kind: 'document', collection: 'notes', id, generation: '' },
      });
      await settlePromises();
      heard.push(...stranger.heard.slice(before));
      return heard;
    },
  ],
  [
    'enters its room without naming its generation, as y-websocket does',
    async (stranger, id) =>
      world.rooms.open(
        roomPeer(stranger, () => {}),
        { kind: 'document', collection: 'notes', id, generation: undefined },
      ),
  ],
];

/** Without the number of the request. */
function plain(message: DownMessage | undefined): unknown {
  return message === undefined ? undefined : { ...message, request: 0 };
}

function roomPeer({ peer }: Device, hear: (message: Uint8Array) => void): RoomPeer {
  const { tenant, user, labels } = peer;
  return {
    tenant,
    user,
    labels,
    session: peer,
    opened: () => {},
    send: hear,
    isFull: () => false,
    close: () => {},
    probe: () => {},
  };
}

describe.each(strangers)(
  'a session %s is told the same of a row that is there and of one that is not',
  (_name, who) => {
    test.each(doors)('[LB20] when it %s', async (_door, knock) => {
      const stranger = world.device('sten', who);
      const there = await knock(stranger, 'there');
      expect(there).toEqual(await knock(stranger, 'not there'));
      expect(there).not.toEqual(undefined);
      expect(world.store.row('acme', { collection: 'notes', id: 'there' })?.seq).toBe(SEQ);
    });

    test('[LB20] when it pulls, and follows while the row is written, typed into, and deleted', async () => {
      const stranger = world.device('sten', who);
      expect(stranger.pull()).toMatchObject({ type: 'page', group: { rows: [] }, last: true });
      const before = stranger.heard.length;
      const typed = await world.rooms.open(
        roomPeer(owner, () => {}),
        { kind: 'document', collection: 'notes', id: 'there', generation: undefined },
      );
      expect(typed).toHaveProperty('receive');
      await owner.push(notes(deltaOf('there', { title: 'Hull' }, SEQ)));
      await owner.push(notes(deltaOf('there', { _deleted: true }, SEQ)));
      await world.quiet();
      expect(stranger.heard.slice(before)).toEqual([]);
    });

    test('[LB20] when the bytes of its picture come, which it waits for', async () => {
      const stranger = world.device('sten', who);
      const other = blobOf('another picture');
      await owner.push(notes(attach('there', { other })));
      await stranger.download('there', other);
      await owner.wants();
      await owner.upload(other);
      await world.quiet();
      expect(stranger.here).toEqual([]);
      expect(stranger.heard.filter(({ type }) => type === 'blob-want')).toEqual([]);
    });
  },
);

test('[LB6] only who may insert, and writes the whole of a row, learns that its id is taken; in another tenant not even they', async () => {
  const [blue, foreign] = [world.device('b', { labels: ['blue'] }), world.device('f', { tenant: 'other' })];
  const whole = () => notes(rowOf('there', { team: 'blue' }));
  expect(await blue.push(whole())).toMatchObject({ groups: [{ results: [{ kind: 'refused', code: 'forbidden' }] }] });
  expect(await foreign.push(whole())).toMatchObject({ groups: [{ results: [{ kind: 'stored', seq: 1 }] }] });
});
