import { type Auth, auth } from './auth.ts';
import { type BlobGet, blobGet } from './blob-get.ts';
import { type BlobLacks, blobLacks } from './blob-lacks.ts';
import { type BlobPut, blobPut } from './blob-put.ts';
import { type Connect, connect } from './connect.ts';
import { frameCodec } from './frame.ts';
import { type Get, get } from './get.ts';
import { type Ping, ping } from './ping.ts';
import { type Pull, pull } from './pull.ts';
import { type Push, push } from './push.ts';
import { type RoomClose, roomClose } from './room-close.ts';
import { type RoomData, roomData } from './room-data.ts';
import { type RoomOpen, roomOpen } from './room-open.ts';

/** Everything a client says. */
export type UpMessage =
  | Connect
  | Pull
  | Push
  | Ping
  | Get
  | Auth
  | BlobGet
  | BlobPut
  | BlobLacks
  | RoomOpen
  | RoomData
  | RoomClose;

export const up = frameCodec<UpMessage>({
  connect: { kind: 1, codec: connect },
  pull: { kind: 2, codec: pull },
  push: { kind: 3, codec: push },
  ping: { kind: 4, codec: ping },
  get: { kind: 5, codec: get },
  auth: { kind: 6, codec: auth },
  'blob-get': { kind: 7, codec: blobGet },
  'blob-put': { kind: 8, codec: blobPut },
  'blob-lacks': { kind: 9, codec: blobLacks },
  'room-open': { kind: 10, codec: roomOpen },
  'room-data': { kind: 11, codec: roomData },
  'room-close': { kind: 12, codec: roomClose },
});
