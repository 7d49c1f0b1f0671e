import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** A message of the y-websocket protocol, as far as the server has to do with it. */
export type YMessage =
  | { readonly type: 'step1'; readonly stateVector: Uint8Array }
  | { readonly type: 'step2'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly entries: Uint8Array }
  | { readonly type: 'query-awareness' };

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY_AWARENESS = 3;

const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;

const PERMISSION_DENIED = 0;

/** Undefined: the server has nothing to do with it. @throws Error when the bytes are no such message. */
export function decodeYMessage(bytes: Uint8Array): YMessage | undefined {
  const decoder = decoding.createDecoder(bytes);
  switch (decoding.readVarUint(decoder)) {
    case SYNC:
      return readSync(decoder);
    case AWARENESS:
      return { type: 'awareness', entries: decoding.readVarUint8Array(decoder) };
    case QUERY_AWARENESS:
      return { type: 'query-awareness' };
    default:
      return undefined;
  }
}

function readSync(decoder: decoding.Decoder): YMessage {
  const step = decoding.readVarUint(decoder);
  const bytes = decoding.readVarUint8Array(decoder);
  switch (step) {
    case STEP_1:
      return { type: 'step1', stateVector: bytes };
    case STEP_2:
      return { type: 'step2', update: bytes };
    case UPDATE:
      return { type: 'update', update: bytes };
    default:
      throw new Error(`a sync message has the unknown step ${step}`);
  }
}

export function encodeStep1(stateVector: Uint8Array): Uint8Array {
  return encode(SYNC, STEP_1, stateVector);
}

export function encodeStep2(update: Uint8Array): Uint8Array {
  return encode(SYNC, STEP_2, update);
}

export function encodeUpdate(update: Uint8Array): Uint8Array {
  return encode(SYNC, UPDATE, update);
}

/** Who writes into a document that it may only read is told so; y-websocket warns on the console. */
export function encodeDenied(reason: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, AUTH);
  encoding.writeVarUint(encoder, PERMISSION_DENIED);
  encoding.writeVarString(encoder, reason);
  return encoding.toUint8Array(encoder);
}

/** What one client says of itself: its cursor, its name. */
export interface AwarenessEntry {
  readonly clientId: number;
  /** Grows with each change. */
  readonly clock: number;
  /** JSON; `null`: it is gone. */
  readonly state: string;
}

export function decodeAwareness(bytes: Uint8Array): AwarenessEntry[] {
  const decoder = decoding.createDecoder(bytes);
  const entries: AwarenessEntry[] = [];
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    const clientId = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    entries.push({ clientId, clock, state: decoding.readVarString(decoder) });
  }
  return entries;
}

export function encodeAwareness(entries: readonly AwarenessEntry[]): Uint8Array {
  const body = encoding.createEncoder();
  encoding.writeVarUint(body, entries.length);
  for (const { clientId, clock, state } of entries) {
    encoding.writeVarUint(body, clientId);
    encoding.writeVarUint(body, clock);
    encoding.writeVarString(body, state);
  }
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, AWARENESS);
  encoding.writeVarUint8Array(encoder, encoding.toUint8Array(body));
  return encoding.toUint8Array(encoder);
}

function encode(type: number, step: number, bytes: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, bytes);
  return encoding.toUint8Array(encoder);
}
