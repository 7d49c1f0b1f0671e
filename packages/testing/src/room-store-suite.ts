import type { RoomKey, Store } from '@breakwater/server';
import { expect, test } from 'vitest';

export interface RoomStoreUnderTest {
  open(): Promise<Store>;
  /** Closes the store and opens it again; without it the rule about keeping is skipped. */
  reopen?: (() => Promise<Store>) | undefined;
}

const TENANT = 'acme';

/** What the port of a store says of rooms. */
export function describeRoomStore({ open, reopen }: RoomStoreUnderTest): void {
  test('[RM26] updates come back in the order in which they were added, of one room and one generation', async () => {
    const { rooms } = await open();
    expect(await rooms.append(TENANT, document('a', 'g1'), () => [bytes(1), bytes(2)])).toBe(2);
    expect(await rooms.append(TENANT, document('a', 'g2'), () => [bytes(3)])).toBe(3);
    await rooms.append(TENANT, document('b', 'g1'), () => [bytes(4)]);
    await rooms.append(TENANT, free('a'), () => [bytes(5)]);
    await rooms.append('other', document('a', 'g1'), () => [bytes(6)]);
    expect(load(rooms.load(TENANT, document('a', 'g1')))).toEqual({ updates: [[1], [2]], last: 3 });
    expect(load(rooms.load(TENANT, document('a', 'g2')))).toEqual({ updates: [[3]], last: 3 });
    expect(load(rooms.load(TENANT, free('a')))).toEqual({ updates: [[5]], last: 1 });
    expect(load(rooms.load(TENANT, free('none')))).toEqual({ updates: [], last: 0 });
  });

  test('[RM26] adding asks for the updates when it begins to write', async () => {
    const { rooms } = await open();
    const waiting = [bytes(1)];
    const added = rooms.append(TENANT, free('a'), () => waiting);
    waiting.push(bytes(2));
    expect(await added).toBe(2);
  });

  test('[RM27] folding drops the updates up to a number, also those of other generations', async () => {
    const { rooms } = await open();
    await rooms.append(TENANT, document('a', 'g1'), () => [bytes(1)]);
    await rooms.append(TENANT, document('a', 'g2'), () => [bytes(2), bytes(3)]);
    await rooms.fold(TENANT, document('a', 'g2'), { upTo: 2 });
    expect(load(rooms.load(TENANT, document('a', 'g1'))).updates).toEqual([]);
    expect(load(rooms.load(TENANT, document('a', 'g2')))).toEqual({ updates: [[3]], last: 3 });
  });

  test('[RM27] a state takes the place of the updates of a free room', async () => {
    const { rooms } = await open();
    const last = await rooms.append(TENANT, free('a'), () => [bytes(1)]);
    await rooms.fold(TENANT, free('a'), { upTo: last, state: bytes(7) });
    await rooms.append(TENANT, free('a'), () => [bytes(2)]);
    expect(rooms.load(TENANT, free('a'))).toMatchObject({ state: bytes(7), updates: [bytes(2)] });
    await rooms.fold(TENANT, free('a'), { upTo: 0, state: bytes(8) });
    expect(rooms.load(TENANT, free('a')).state).toEqual(bytes(8));
  });

  test('[RM43] a life has its number as long as its row has this generation', async () => {
    const { rooms } = await open();
    let drawn = 2 ** 40;
    const draw = () => ++drawn;
    const first = await rooms.life(TENANT, document('a', ''), draw);
    expect(await rooms.life(TENANT, document('a', ''), draw)).toBe(first);
    const second = await rooms.life(TENANT, document('a', 'g2'), draw);
    const others = [
      await rooms.life(TENANT, document('b', ''), draw),
      await rooms.life('other', document('a', ''), draw),
    ];
    expect(new Set([first, second, ...others]).size).toBe(4);
    expect(await rooms.life(TENANT, document('a', 'g2'), draw)).toBe(second);
  });

  test('[RM28] the rooms of documents with updates are found, of every tenant', async () => {
    const { rooms } = await open();
    await rooms.append(TENANT, document('a', 'g1'), () => [bytes(1), bytes(2)]);
    await rooms.append('other', document('a', ''), () => [bytes(1)]);
    await rooms.append(TENANT, free('a'), () => [bytes(1)]);
    expect(rooms.unfolded()).toHaveLength(2);
    expect(rooms.unfolded()).toContainEqual({ tenant: TENANT, ...document('a', 'g1') });
    await rooms.fold(TENANT, document('a', 'g1'), { upTo: 2 });
    expect(rooms.unfolded()).toEqual([{ tenant: 'other', ...document('a', '') }]);
  });

  if (reopen === undefined) return;
  test('[RM29] a store that keeps its data has its rooms after opening again', async () => {
    const { rooms } = await open();
    await rooms.append(TENANT, document('a', 'g1'), () => [bytes(1)]);
    await rooms.append(TENANT, free('a'), () => [bytes(2)]);
    await rooms.fold(TENANT, free('a'), { upTo: 1, state: bytes(3) });
    const again = await reopen();
    expect(again.rooms.load(TENANT, document('a', 'g1')).updates).toEqual([bytes(1)]);
    expect(again.rooms.load(TENANT, free('a'))).toMatchObject({ state: bytes(3), updates: [] });
  });
}

const document = (id: string, generation: string): RoomKey => ({ collection: 'notes', id, generation });
const free = (id: string): RoomKey => ({ collection: '', id, generation: '' });
const bytes = (...values: number[]) => Uint8Array.from(values);

function load({ updates, last }: { readonly updates: readonly Uint8Array[]; readonly last: number }) {
  return { updates: updates.map((update) => [...update]), last };
}
