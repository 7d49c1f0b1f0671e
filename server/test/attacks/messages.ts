import { type UpMessage, up } from '@breakwater/protocol';
import { createRandom } from '@breakwater/testing';
import { upSamples } from '../../../packages/protocol/test/samples.ts';
import { rowOf } from '../hub-world.ts';
import { type Attack, attack } from './attack.ts';
import { frame, openSession, openWebsocket } from './raw-socket.ts';
import type { Target } from './target.ts';

const KINDS = Object.keys(upSamples) as UpMessage['type'][];

/** Random bodies of each kind. */
const BODIES = 40;

/** Names that mean something to JavaScript, to SQL, to a file system or to nobody. */
const NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '',
  '\0',
  'a\0b',
  '..',
  '../../etc/passwd',
  "'; DROP TABLE rows; --",
  '%00',
  '\u202e',
  '\ud83d\ude00'.repeat(50),
  'x'.repeat(5_000),
  '_deleted',
  '*',
];

/** Everything that the protocol has, before and after `connect`, as it should be and not. */
export const MESSAGES: readonly Attack[] = [
  ...KINDS.filter((kind) => kind !== 'connect').map((kind) =>
    attack(`${kind} before connect`, /^close 1007 the first message must be connect$/, async (target) => {
      const raw = await openWebsocket(target);
      raw.write(frame({ payload: validFrame(kind) }));
      return [await raw.told];
    }),
  ),
  ...KINDS.map((kind) => attack(`${kind} with random bodies`, /^close 1007 |^still there$/, randomBodies(kind))),
  attack('connect with random bodies, first', /^close (1007|4401|4426) /, randomConnects),
  attack('each message as it should be', undefined, validMessages),
  attack('unknown messages', /^close 1007 a frame has the unknown kind/, async (target) => {
    const kinds = Array.from({ length: 63 - KINDS.length }, (_, i) => i + KINDS.length + 1).concat(0);
    return Promise.all(kinds.map((kind) => tellLive(target, Buffer.from([kind, 1, 2, 3]))));
  }),
  attack('lists longer than their message', /^close 1007 /, async (target) => {
    const counts = [[0xff, 0xff, 0xff, 0xff, 0x0f], Array<number>(9).fill(0xff), [0x80, 0x80, 0x01]];
    return Promise.all(counts.map((count) => tellLive(target, Buffer.from([3, 1, 0, ...count]))));
  }),
  attack('hostile names', undefined, hostileNames),
  attack('hostile digests', undefined, hostileDigests),
];

function validFrame(kind: UpMessage['type']): Uint8Array {
  const [sample] = upSamples[kind];
  if (sample === undefined) throw new Error(`${kind} has no sample`);
  return up.encode(sample);
}

/** What a session is told of a frame; that it is still there, when it answers a ping after it. */
async function tellLive(target: Target, payload: Uint8Array): Promise<string> {
  const raw = await openSession(target);
  raw.write(frame({ payload }));
  raw.write(frame({ payload: up.encode({ type: 'ping', request: 2 ** 40 }) }));
  const answer = await Promise.race([raw.told, raw.heard('pong').then(() => 'still there')]);
  const told = raw.socket.destroyed || answer !== 'still there' ? await raw.told : answer;
  raw.destroy();
  return told;
}

function randomBodies(kind: UpMessage['type']): Attack['play'] {
  return async (target) => {
    const random = createRandom(KINDS.indexOf(kind) + 1);
    const valid = validFrame(kind);
    const told: string[] = [];
    for (let i = 0; i < BODIES; i += 10) {
      const frames = Array.from({ length: 10 }, () => damaged(valid, random));
      told.push(...(await Promise.all(frames.map((each) => tellLive(target, each)))));
    }
    return told;
  };
}

/** The kind stays; behind it is noise, or the sample with some bytes changed, missing or more. */
function damaged(valid: Uint8Array, random: ReturnType<typeof createRandom>): Uint8Array {
  const noise = (length: number) => Uint8Array.from({ length }, () => random.int(256));
  if (random.int(2) === 0) return Buffer.concat([valid.subarray(0, 1), noise(random.int(100))]);
  const bytes = Buffer.concat([valid.subarray(0, 1 + random.int(valid.length)), noise(random.int(4))]);
  for (let n = 0; n < 3; n++) if (bytes.length > 1) bytes[1 + random.int(bytes.length - 1)] = random.int(256);
  return bytes;
}

function randomConnects(target: Target): Promise<string[]> {
  const random = createRandom(77);
  const valid = validFrame('connect');
  return Promise.all(
    Array.from({ length: BODIES }, async () => {
      const raw = await openWebsocket(target);
      raw.write(frame({ payload: damaged(valid, random) }));
      return raw.told;
    }),
  );
}

async function validMessages(target: Target): Promise<string[]> {
  for (const kind of KINDS.filter((each) => each !== 'connect' && each !== 'auth')) {
    const told = await tellLive(target, validFrame(kind));
    if (told !== 'still there') throw new Error(`${kind} as it should be ended the session: ${told}`);
  }
  return [];
}

async function hostileNames(target: Target): Promise<string[]> {
  const client = await target.open();
  for (const name of NAMES) {
    const row = { ...rowOf('a', { [name === '' || name === '__proto__' ? 'x' : name]: name }), id: name };
    await client.push({ collection: 'notes', rows: [row] }, { collection: name, rows: [{ ...row, id: 'a' }] });
    await client.pull(name);
    await client.ask((request) => ({ type: 'get', request, collection: name, id: name }));
    await client.ask((request) => ({ ...BLOB, type: 'blob-get', request, collection: name, id: name, maxBytes: 9 }));
  }
  for (const [i, name] of NAMES.entries()) {
    client.send({ type: 'room-open', channel: 2 * i + 1, room: { kind: 'free', name } });
    client.send({
      type: 'room-open',
      channel: 2 * i + 2,
      room: { kind: 'document', collection: name, id: name, generation: name },
    });
  }
  await client.ping();
  client.terminate();
  return [];
}

const BLOB = { digest: '0'.repeat(64), offset: 0 };

async function hostileDigests(target: Target): Promise<string[]> {
  const client = await target.open();
  for (const digest of ['0'.repeat(64), 'f'.repeat(64), '2e2e2f'.padEnd(64, '2f')]) {
    for (const offset of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      await client.ask((request) => ({ type: 'blob-put', request, digest, offset, bytes: new Uint8Array(10) }));
      const wanted = { collection: 'notes', id: 'witness', digest, offset, maxBytes: Number.MAX_SAFE_INTEGER };
      await client.ask((request) => ({ type: 'blob-get', request, ...wanted }));
    }
    client.send({ type: 'blob-lacks', digests: Array<string>(1_000).fill(digest) });
  }
  await client.ping();
  client.terminate();
  return [];
}
