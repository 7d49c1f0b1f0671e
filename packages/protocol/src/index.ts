export { type Ack, type AckGroup, REFUSAL_CODES, type RefusalCode, type RowResult } from './ack.ts';
export { CloseCode, formatRetryAfter, isFinal, needsNewToken, retryAfterMs } from './close-code.ts';

export type { Connect } from './connect.ts';
export type { Connected, Limits } from './connected.ts';
export { type DownMessage, down } from './down.ts';
export { ERROR_CODES, type ErrorCode, type ErrorMessage } from './error.ts';
export { FIRST_OPTIONAL_KIND, type FrameCodec, FrameError } from './frame.ts';
export type { Page } from './page.ts';
export type { Ping, Pong } from './ping.ts';
export type { Pull } from './pull.ts';
export type { Push } from './push.ts';
export type { NewRowGroup, Row, RowGroup } from './row.ts';
export type { Rows } from './rows.ts';
export { type UpMessage, up } from './up.ts';
export { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts';
