import { CloseCode, down, FrameError, type RoomClose, type RoomData, type RoomOpen } from '@breakwater/protocol';
import type { Peer } from '../stream.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import type { Rooms } from './rooms.ts';

/** The rooms that one session has open, each on a channel. */
export interface RoomChannels {
  /** @throws FrameError when the channel is in use. */
  open(message: RoomOpen): Promise<void>;
  receive(message: RoomData): Promise<void> | void;
  leave(message: RoomClose): void;
  /** The session has room again. */
  drained(): void;
  leaveAll(): void;
}

export interface RoomChannelsOptions {
  readonly rooms: Rooms;
  readonly peer: Peer;
  readonly probe: () => void;
}

/** Rooms that a session has open at a time: each is a document in the server's memory. */
export const MAX_CHANNELS = 100;

export function createRoomChannels({ rooms, peer, probe }: RoomChannelsOptions): RoomChannels {
  /** Undefined: it is being opened. */
  const members = new Map<number, RoomMember | undefined>();
  let isOver = false;

  return {
    async open({ channel, room }) {
      if (members.has(channel)) throw new FrameError(`the channel ${channel} is open already`);
      if (members.size >= MAX_CHANNELS) {
        return sendClosed(channel, CloseCode.tryAgainLater, `a session has at most ${MAX_CHANNELS} rooms open`);
      }
      members.set(channel, undefined);
      const opened = await rooms.open(toRoomPeer(channel), room);
      if ('code' in opened) {
        members.delete(channel);
        sendClosed(channel, opened.code, opened.reason);
      } else if (isOver || !members.has(channel)) opened.leave();
      else members.set(channel, opened);
    },
    receive: ({ channel, bytes }) => members.get(channel)?.receive(bytes),
    leave({ channel }) {
      const member = members.get(channel);
      members.delete(channel);
      member?.leave();
    },
    drained() {
      for (const member of members.values()) member?.drained();
    },
    leaveAll() {
      isOver = true;
      for (const member of members.values()) member?.leave();
      members.clear();
    },
  };

  function toRoomPeer(channel: number): RoomPeer {
    const { tenant, user, labels } = peer;
    return {
      tenant,
      user,
      labels,
      session: peer,
      opened: (readOnly) => peer.send(down.encode({ type: 'room-opened', channel, readOnly })),
      send: (bytes) => peer.send(down.encode({ type: 'room-data', channel, bytes })),
      isFull: () => peer.isFull(),
      close(code, reason) {
        members.delete(channel);
        sendClosed(channel, code, reason);
      },
      probe,
    };
  }

  function sendClosed(channel: number, code: number, reason: string): void {
    peer.send(down.encode({ type: 'room-closed', channel, code, reason }));
  }
}
