import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** The client's heartbeat: browsers neither send nor see websocket pings. Answered by `pong` with the same number. */
export interface Ping {
  readonly type: 'ping';
  readonly request: number;
}

export interface Pong {
  readonly type: 'pong';
  readonly request: number;
  /** As in `connected`, by the number of sessions that there are now. */
  readonly reconnectSpreadMs: number;
}

export const ping: Codec<Ping> = {
  write: (encoder, { request }) => encoding.writeVarUint(encoder, request),
  read: (decoder) => ({ type: 'ping', request: readUint(decoder) }),
};

export const pong: Codec<Pong> = {
  write(encoder, { request, reconnectSpreadMs }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarUint(encoder, reconnectSpreadMs);
  },
  read: (decoder) => ({ type: 'pong', request: readUint(decoder), reconnectSpreadMs: readUint(decoder) }),
};
