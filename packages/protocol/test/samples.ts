import { type DownMessage, ERROR_CODES, REFUSAL_CODES, type Row, type UpMessage } from '../src/index.ts';

/** Fixed messages of each kind, with every optional part there and not there. A kind without samples does not compile. */
type Samples<M extends { readonly type: string }> = {
  readonly [T in M['type']]: readonly Extract<M, { readonly type: T }>[];
};

const whole: Row = { id: 'n1', seq: 300, deleted: false, bytes: new Uint8Array([1, 2, 3]) };
const delta: Row = { id: 'n2', seq: 301, base: 299, deleted: true, bytes: new Uint8Array() };
const digest = '0123456789abcdef'.repeat(4);
const group = { collection: 'notes', rows: [whole, delta] };

export const upSamples: Samples<UpMessage> = {
  connect: [
    { type: 'connect', versions: [1, 7], token: 'secret', replica: 'r1', inflates: true },
    { type: 'connect', versions: [1, 7], token: 'secret', replica: 'r1', inflates: false },
  ],
  pull: [{ type: 'pull', request: 1, collection: 'notes', checkpoint: 300, maxRows: 500 }],
  push: [
    { type: 'push', request: 2, atomic: false, groups: [group, { collection: 'tags', rows: [] }] },
    { type: 'push', request: 3, atomic: true, groups: [] },
  ],
  ping: [{ type: 'ping', request: 4 }],
  get: [{ type: 'get', request: 6, collection: 'notes', id: 'n1' }],
  auth: [{ type: 'auth', request: 8, token: 'fresh' }],
  'blob-get': [
    { type: 'blob-get', request: 9, collection: 'notes', id: 'n1', digest, offset: 65_536, maxBytes: 65_536 },
  ],
  'blob-put': [{ type: 'blob-put', request: 10, digest, offset: 65_536, bytes: new Uint8Array([7, 8]) }],
  'blob-lacks': [{ type: 'blob-lacks', digests: [digest] }],
  'room-open': [
    {
      type: 'room-open',
      channel: 1,
      room: { kind: 'document', collection: 'notes', id: 'n1', generation: '0mdtk5z1s000aaaaaaaaaa' },
    },
    { type: 'room-open', channel: 2, room: { kind: 'free', name: 'lobby' } },
  ],
  'room-data': [{ type: 'room-data', channel: 1, bytes: new Uint8Array([0, 0, 1, 0]) }],
  'room-close': [{ type: 'room-close', channel: 1 }],
};

export const downSamples: Samples<DownMessage> = {
  connected: [
    {
      type: 'connected',
      version: 7,
      serverId: 's1',
      epoch: 'e1',
      tenant: 't1',
      user: 'u1',
      labels: ['l1', 'l2'],
      serverTime: 1_760_000_000_000,
      expiresAt: 1_760_000_600_000,
      reconnectSpreadMs: 2000,
      limits: {
        maxRowBytes: 786_432,
        maxMessageBytes: 1_048_576,
        maxPushRows: 500,
        maxBlobBytes: 104_857_600,
        maxMessagesPerSecond: 1_000,
        maxBytesPerSecond: 16_777_216,
      },
    },
  ],
  page: [
    { type: 'page', request: 1, group: { ...group, checkpoint: 301 }, last: true },
    { type: 'page', request: 1, group: { ...group, revoked: [{ id: 'n3', seq: 300 }], checkpoint: 301 }, last: true },
    { type: 'page', request: 1, group: { collection: 'notes', rows: [], checkpoint: 0 }, last: false },
  ],
  ack: [
    {
      type: 'ack',
      request: 2,
      groups: [
        {
          collection: 'notes',
          results: [
            { kind: 'stored', seq: 302 },
            { kind: 'stored', seq: 303, isRevoked: true },
            { kind: 'send-full' },
            ...REFUSAL_CODES.map((code) => ({ kind: 'refused', code, reason: 'why' }) as const),
          ],
          checkpoint: 302,
        },
      ],
    },
  ],
  rows: [
    { type: 'rows', groups: [{ ...group, checkpoint: 303 }] },
    { type: 'rows', groups: [{ collection: 'notes', rows: [], revoked: [{ id: 'n1', seq: 304 }], checkpoint: 304 }] },
  ],
  pong: [{ type: 'pong', request: 4, reconnectSpreadMs: 2000 }],
  error: ERROR_CODES.map((code) => ({ type: 'error', request: 5, code, message: 'what to do' })),
  got: [
    { type: 'got', request: 6, row: whole },
    { type: 'got', request: 7 },
  ],
  authed: [{ type: 'authed', request: 8, expiresAt: 1_760_000_600_000 }],
  'blob-want': [
    { type: 'blob-want', blobs: [{ collection: 'notes', id: 'n1', digest, length: 100_000, have: 65_536 }] },
  ],
  'blob-have': [{ type: 'blob-have', request: 10, have: 65_538 }],
  'blob-part': [{ type: 'blob-part', request: 9, length: 100_000, bytes: new Uint8Array([7, 8]) }],
  'blob-here': [{ type: 'blob-here', digests: [digest] }],
  'room-opened': [
    { type: 'room-opened', channel: 1, readOnly: false },
    { type: 'room-opened', channel: 2, readOnly: true },
  ],
  'room-data': [{ type: 'room-data', channel: 1, bytes: new Uint8Array([0, 0, 1, 0]) }],
  'room-closed': [{ type: 'room-closed', channel: 1, code: 4404, reason: 'why' }],
  deflated: [{ type: 'deflated', length: 300, bytes: new Uint8Array([1, 2, 3]) }],
};
