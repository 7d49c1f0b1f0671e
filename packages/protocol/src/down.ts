import { type Ack, ack } from './ack.ts';
import { type Authed, authed } from './authed.ts';
import { type BlobHave, blobHave } from './blob-have.ts';
import { type BlobHere, blobHere } from './blob-here.ts';
import { type BlobPart, blobPart } from './blob-part.ts';
import { type BlobWant, blobWant } from './blob-want.ts';
import { type Connected, connected } from './connected.ts';
import { type Deflated, deflated } from './deflated.ts';
import { type ErrorMessage, error } from './error.ts';
import { frameCodec } from './frame.ts';
import { type Got, got } from './got.ts';
import { type Page, page } from './page.ts';
import { type Pong, pong } from './ping.ts';
import { type RoomClosed, roomClosed } from './room-closed.ts';
import { type RoomData, roomData } from './room-data.ts';
import { type RoomOpened, roomOpened } from './room-opened.ts';
import { type Rows, rows } from './rows.ts';

/** Everything a server says. */
export type DownMessage =
  | Connected
  | Page
  | Ack
  | Rows
  | Pong
  | ErrorMessage
  | Got
  | Authed
  | BlobWant
  | BlobHave
  | BlobPart
  | BlobHere
  | RoomOpened
  | RoomData
  | RoomClosed
  | Deflated;

export const down = frameCodec<DownMessage>({
  connected: { kind: 1, codec: connected },
  page: { kind: 2, codec: page },
  ack: { kind: 3, codec: ack },
  rows: { kind: 4, codec: rows },
  pong: { kind: 5, codec: pong },
  error: { kind: 6, codec: error },
  got: { kind: 7, codec: got },
  authed: { kind: 8, codec: authed },
  'blob-want': { kind: 9, codec: blobWant },
  'blob-have': { kind: 10, codec: blobHave },
  'blob-part': { kind: 11, codec: blobPart },
  'blob-here': { kind: 12, codec: blobHere },
  'room-opened': { kind: 13, codec: roomOpened },
  'room-data': { kind: 14, codec: roomData },
  'room-closed': { kind: 15, codec: roomClosed },
  deflated: { kind: 16, codec: deflated },
});
