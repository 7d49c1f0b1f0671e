import fc from 'fast-check';
import {
  type DownMessage,
  ERROR_CODES,
  MIN_PROTOCOL_VERSION,
  type NewRowGroup,
  PROTOCOL_VERSION,
  REFUSAL_CODES,
  type RevokedRow,
  type RoomName,
  type Row,
  type RowGroup,
  type RowResult,
  type UpMessage,
  type WantedBlob,
} from '../src/index.ts';

/** An arbitrary of each message. A message without one does not compile. */
type Arbitraries<M extends { readonly type: string }> = {
  readonly [T in M['type']]: fc.Arbitrary<Extract<M, { readonly type: T }>>;
};

const uint = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 40 });

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

function kind<T extends string>(type: T): fc.Arbitrary<T> {
  return fc.constant(type);
}

const row: fc.Arbitrary<Row> = fc.oneof(
  record<Row>({ id: text, seq: uint, deleted: fc.boolean(), bytes }),
  record<Required<Row>>({ id: text, seq: uint, base: uint, deleted: fc.boolean(), bytes }),
);
const digest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const wanted = record<WantedBlob>({ collection: text, id: text, digest, length: uint, have: uint });
const room: fc.Arbitrary<RoomName> = fc.oneof(
  record<Extract<RoomName, { kind: 'document' }>>({
    kind: kind('document'),
    collection: text,
    id: text,
    generation: text,
  }),
  record<Extract<RoomName, { kind: 'free' }>>({ kind: kind('free'), name: text }),
);
const rows = fc.array(row, { maxLength: 4 });
const group = record<RowGroup>({ collection: text, rows });
const revoked = fc.array(record<RevokedRow>({ id: text, seq: uint }), { minLength: 1, maxLength: 4 });
const newGroup = fc.oneof(
  record<NewRowGroup>({ collection: text, rows, checkpoint: uint }),
  record<NewRowGroup>({ collection: text, rows, revoked, checkpoint: uint }),
);

const results: { readonly [K in RowResult['kind']]: fc.Arbitrary<Extract<RowResult, { readonly kind: K }>> } = {
  stored: fc.oneof(
    record({ kind: kind('stored'), seq: uint }),
    record({ kind: kind('stored'), seq: uint, isRevoked: fc.constant(true as const) }),
  ),
  refused: record({ kind: kind('refused'), code: fc.constantFrom(...REFUSAL_CODES), reason: text }),
  'send-full': record({ kind: kind('send-full') }),
};
const result: fc.Arbitrary<RowResult> = fc.oneof(...Object.values(results));

/** Versions that overlap ours: of any others the rest of the message is not read. */
const versions = fc.tuple(fc.nat(PROTOCOL_VERSION), fc.integer({ min: MIN_PROTOCOL_VERSION, max: 2 ** 31 }));

const ups: Arbitraries<UpMessage> = {
  connect: record({ type: kind('connect'), versions, token: text, replica: text, inflates: fc.boolean() }),
  pull: record({ type: kind('pull'), request: uint, collection: text, checkpoint: uint, maxRows: uint }),
  push: record({ type: kind('push'), request: uint, atomic: fc.boolean(), groups: fc.array(group, { maxLength: 3 }) }),
  ping: record({ type: kind('ping'), request: uint }),
  get: record({ type: kind('get'), request: uint, collection: text, id: text }),
  auth: record({ type: kind('auth'), request: uint, token: text }),
  'blob-get': record({
    type: kind('blob-get'),
    request: uint,
    collection: text,
    id: text,
    digest,
    offset: uint,
    maxBytes: uint,
  }),
  'blob-put': record({ type: kind('blob-put'), request: uint, digest, offset: uint, bytes }),
  'blob-lacks': record({ type: kind('blob-lacks'), digests: fc.array(digest, { maxLength: 3 }) }),
  'room-open': record({ type: kind('room-open'), channel: uint, room }),
  'room-data': record({ type: kind('room-data'), channel: uint, bytes }),
  'room-close': record({ type: kind('room-close'), channel: uint }),
};

const downs: Arbitraries<DownMessage> = {
  connected: record({
    type: kind('connected'),
    version: uint,
    serverId: text,
    epoch: text,
    tenant: text,
    user: text,
    labels: fc.array(text, { maxLength: 3 }),
    serverTime: uint,
    expiresAt: uint,
    reconnectSpreadMs: uint,
    limits: record({
      maxRowBytes: uint,
      maxMessageBytes: uint,
      maxPushRows: uint,
      maxBlobBytes: uint,
      maxMessagesPerSecond: uint,
      maxBytesPerSecond: uint,
    }),
  }),
  page: record({ type: kind('page'), request: uint, group: newGroup, last: fc.boolean() }),
  ack: record({
    type: kind('ack'),
    request: uint,
    groups: fc.array(record({ collection: text, results: fc.array(result, { maxLength: 4 }), checkpoint: uint }), {
      maxLength: 3,
    }),
  }),
  rows: record({ type: kind('rows'), groups: fc.array(newGroup, { maxLength: 3 }) }),
  pong: record({ type: kind('pong'), request: uint, reconnectSpreadMs: uint }),
  error: record({ type: kind('error'), request: uint, code: fc.constantFrom(...ERROR_CODES), message: text }),
  got: fc.oneof(record({ type: kind('got'), request: uint }), record({ type: kind('got'), request: uint, row })),
  authed: record({ type: kind('authed'), request: uint, expiresAt: uint }),
  'blob-want': record({ type: kind('blob-want'), blobs: fc.array(wanted, { maxLength: 3 }) }),
  'blob-have': record({ type: kind('blob-have'), request: uint, have: uint }),
  'blob-part': record({ type: kind('blob-part'), request: uint, length: uint, bytes }),
  'blob-here': record({ type: kind('blob-here'), digests: fc.array(digest, { maxLength: 3 }) }),
  'room-opened': record({ type: kind('room-opened'), channel: uint, readOnly: fc.boolean() }),
  'room-data': record({ type: kind('room-data'), channel: uint, bytes }),
  'room-closed': record({ type: kind('room-closed'), channel: uint, code: uint, reason: text }),
  deflated: record({ type: kind('deflated'), length: uint, bytes }),
};

export const upMessages: fc.Arbitrary<UpMessage> = fc.oneof(...Object.values(ups));
export const downMessages: fc.Arbitrary<DownMessage> = fc.oneof(...Object.values(downs));
