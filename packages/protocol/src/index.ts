export { type UpMessage, up } from './up.ts';
export { type DownMessage, down } from './down.ts';

export type { Connect } from './connect.ts';
export type { Connected, Limits } from './connected.ts';
export type { Auth } from './auth.ts';
export type { Authed } from './authed.ts';
export type { Pull } from './pull.ts';
export type { Page } from './page.ts';
export type { Push } from './push.ts';
export { type Ack, type AckGroup, REFUSAL_CODES, type RefusalCode, type RowResult } from './ack.ts';
export type { Rows } from './rows.ts';
export type { Get } from './get.ts';
export type { Got } from './got.ts';
export type { BlobGet } from './blob-get.ts';
export type { BlobHave } from './blob-have.ts';
export type { BlobHere } from './blob-here.ts';
export type { BlobLacks } from './blob-lacks.ts';
export type { BlobPart } from './blob-part.ts';
export type { BlobPut } from './blob-put.ts';
export type { BlobWant, WantedBlob } from './blob-want.ts';
export { isDigest } from './digest.ts';
export type { NewRowGroup, Row, RowGroup } from './row.ts';
export type { Ping, Pong } from './ping.ts';
export { ERROR_CODES, type ErrorCode, type ErrorMessage } from './error.ts';

export { FIRST_OPTIONAL_KIND, type FrameCodec, FrameError } from './frame.ts';
export { CloseCode, formatRetryAfter, isFinal, needsNewToken, retryAfterMs } from './close-code.ts';
export { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts';
