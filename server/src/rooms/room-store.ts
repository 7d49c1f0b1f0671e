/**
 * What a store keeps of rooms: the updates that came and are not part of their room's state yet. The state of a document
 * room is its row's. Names are any text without U+0000.
 */
export interface RoomStore {
  /** Synchronous, as the reading of rows. */
  load(tenant: string, room: RoomKey): StoredRoom;
  /**
   * Adds updates behind those that there are. `take` is asked for them when the transaction has begun, so that whatever
   * came until then is on the disk with one fsync. Resolves with the number of the last one when it is.
   *
   * @throws StorageError when the storage failed; nothing was added, or `outcomeUnknown` is true.
   */
  append(tenant: string, room: RoomKey, take: () => readonly Uint8Array[]): Promise<number>;
  /** Drops the updates up to a number, those of earlier generations too; of a free room, a state takes their place. */
  fold(tenant: string, room: RoomKey, folded: FoldedRoom): Promise<void>;
  /**
   * A number for this life of a row, drawn by `draw` when it is first asked for: another one once the generation is another,
   * or the row's tombstone was dropped and the row made anew.
   */
  life(tenant: string, room: RoomKey, draw: () => number): Promise<number>;
  /** The document rooms of any tenant that have updates. Synchronous. */
  unfolded(): readonly UnfoldedRoom[];
}

export interface RoomKey {
  /** Empty: a free room. */
  readonly collection: string;
  /** The row's id, or the free room's name. */
  readonly id: string;
  /** Of the row whose document it is; empty: none. */
  readonly generation: string;
}

export interface UnfoldedRoom extends RoomKey {
  readonly tenant: string;
}

export interface StoredRoom {
  /** Of a free room. */
  readonly state?: Uint8Array;
  /** Those of the key's generation, in their order. */
  readonly updates: readonly Uint8Array[];
  /** The number of the last update that there is of any generation; 0: there is none. */
  readonly last: number;
}

export interface FoldedRoom {
  readonly upTo: number;
  readonly state?: Uint8Array;
}
