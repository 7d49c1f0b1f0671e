import type { RoomKey, RoomStore, UnfoldedRoom } from '@breakwater/server';

interface ModelRoom {
  readonly tenant: string;
  readonly key: RoomKey;
  state: Uint8Array | undefined;
  updates: { readonly n: number; readonly generation: string; readonly update: Uint8Array }[];
  last: number;
  life: { readonly generation: string; readonly number: number } | undefined;
}

export type ModelRooms = Map<string, ModelRoom>;

export function copyModelRooms(rooms: ModelRooms): ModelRooms {
  return new Map([...rooms].map(([name, room]) => [name, { ...room, updates: [...room.updates] }]));
}

/** The row's tombstone was dropped. */
export function endLife(
  roomsByName: ModelRooms,
  tenant: string,
  { collection, id }: Omit<RoomKey, 'generation'>,
): void {
  const room = roomsByName.get(nameOf(tenant, collection, id));
  if (room !== undefined) room.life = undefined;
}

export function createModelRooms(roomsByName: ModelRooms, run: <T>(job: () => T) => Promise<T>): RoomStore {
  return {
    load(tenant, key) {
      const { state, updates, last } = roomOf(tenant, key);
      const ofGeneration = updates.filter(({ generation }) => generation === key.generation);
      return {
        ...(state === undefined ? {} : { state }),
        updates: ofGeneration.map(({ update }) => update),
        last: updates.length === 0 ? 0 : last,
      };
    },
    append: (tenant, key, take) =>
      run(() => {
        const room = roomOf(tenant, key);
        for (const update of take()) {
          room.last += 1;
          room.updates.push({ n: room.last, generation: key.generation, update });
        }
        return room.last;
      }),
    fold: (tenant, key, { upTo, state }) =>
      run(() => {
        const room = roomOf(tenant, key);
        room.updates = room.updates.filter(({ n }) => n > upTo);
        room.state = state ?? room.state;
      }),
    life: (tenant, key, draw) =>
      run(() => {
        const room = roomOf(tenant, key);
        const known = room.life?.generation === key.generation ? room.life : undefined;
        room.life = known ?? { generation: key.generation, number: draw() };
        return room.life.number;
      }),
    unfolded: () => [...roomsByName.values()].filter(({ key }) => key.collection !== '').flatMap(unfoldedOf),
  };

  function roomOf(tenant: string, key: RoomKey): ModelRoom {
    const name = nameOf(tenant, key.collection, key.id);
    const room = roomsByName.get(name) ?? { tenant, key, state: undefined, updates: [], last: 0, life: undefined };
    roomsByName.set(name, room);
    return room;
  }
}

function nameOf(tenant: string, collection: string, id: string): string {
  return JSON.stringify([tenant, collection, id]);
}

function unfoldedOf({ tenant, key, updates }: ModelRoom): UnfoldedRoom[] {
  const generations = new Set(updates.map(({ generation }) => generation));
  return [...generations].map((generation) => ({ ...key, tenant, generation }));
}
