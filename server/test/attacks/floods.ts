import { setTimeout as pass } from 'node:timers/promises';
import { up } from '@breakwater/protocol';
import { type Attack, attack } from './attack.ts';
import { connectFrame, frame, openRaw, openSession, openWebsocket } from './raw-socket.ts';
import type { Target } from './target.ts';

const SLOWLY = { isQuick: false };
const PING = 9;
const PONG = 10;

/** Too much of what is allowed. */
export const FLOODS: readonly Attack[] = [
  attack('messages without end', /^rate-exceeded, close 1008 a session sends at most/, pours(pings())),
  attack('pings without end', /^(rate-exceeded, )?close 1008/, pours(repeated({ opcode: PING }))),
  attack('pings whose answers are not read', undefined, unreadPings),
  attack('pongs without end', /^(rate-exceeded, )?close 1008/, pours(repeated({ opcode: PONG }))),
  attack('skipped messages of 256 KiB', /^rate-exceeded, close 1008/, pours(large()), SLOWLY),
  attack('a message of 20,000 pieces', /^close 1008/, pieces(20_000, 0)),
  attack('a message that never ends', /^close 1009/, pieces(Number.POSITIVE_INFINITY, 16_384)),
  attack('much before connect', /^close 1009 too much before connected$/, muchBefore),
  attack('a frame before connect that never ends', /^close 1009 too much before connected$/, endlessBefore),
  attack('pings before connect', /^(close 1009 too much before connected|rate-exceeded, close 1008 .*)$/, pingsBefore),
  attack('connections that come and go', undefined, churn(500)),
  attack('sessions that come and go', undefined, sessionChurn(200)),
  attack('100 idle sessions', undefined, idle(100)),
  attack('1,000 idle sessions', undefined, idle(1_000), SLOWLY),
  attack('readers that do not read', /^(close 1013|cut off)/, slowReaders, SLOWLY),
  attack('101 rooms of one session', undefined, rooms),
];

/** From a session that is live, until it is over. */
function pours(next: () => Uint8Array): Attack['play'] {
  return async (target) => {
    const raw = await openSession(target);
    await raw.pour(next);
    return [await raw.told];
  };
}

/** A thousand of them at a time. */
function repeated(options: { readonly opcode: number }): () => Uint8Array {
  const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => frame(options)));
  return () => chunk;
}

function pings(): () => Uint8Array {
  const payload = up.encode({ type: 'ping', request: 1 });
  const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => frame({ payload })));
  return () => chunk;
}

function large(): () => Uint8Array {
  const payload = new Uint8Array(256 * 1024);
  payload[0] = 64;
  const chunk = frame({ payload });
  return () => chunk;
}

async function unreadPings(target: Target): Promise<string[]> {
  const raw = await openSession(target);
  raw.socket.pause();
  const chunk = Buffer.concat(
    Array.from({ length: 1_000 }, () => frame({ opcode: PING, payload: new Uint8Array(125) })),
  );
  let chunks = 0;
  await raw.pour(() => (chunks++ < 9 ? chunk : undefined));
  raw.destroy();
  return [];
}

function pieces(count: number, bytes: number): Attack['play'] {
  return async (target) => {
    const raw = await openSession(target);
    const payload = new Uint8Array(bytes);
    let sent = 0;
    await raw.pour(() => {
      if (sent >= count) return undefined;
      const batch = Math.max(1, Math.min(1_000, Math.ceil(65_536 / (bytes + 6)), count - sent));
      const frames = Array.from({ length: batch }, (_, i) =>
        frame({ bits: 0, opcode: sent + i === 0 ? 2 : 0, payload }),
      );
      sent += batch;
      return Buffer.concat(frames);
    });
    return [await raw.told];
  };
}

async function muchBefore(target: Target): Promise<string[]> {
  const raw = await openWebsocket(target);
  raw.write(frame({ payload: connectFrame('x'.repeat(17_000)) }));
  return [await raw.told];
}

async function endlessBefore(target: Target): Promise<string[]> {
  const raw = await openWebsocket(target);
  raw.write(frame({ length: { code: 127, bytes: Buffer.from([0, 0, 0, 0, 0, 15, 0, 0]) } }));
  const chunk = new Uint8Array(16_384);
  await raw.pour(() => chunk);
  return [await raw.told];
}

async function pingsBefore(target: Target): Promise<string[]> {
  const raw = await openWebsocket(target);
  await raw.pour(repeated({ opcode: PING }));
  return [await raw.told];
}

function churn(count: number): Attack['play'] {
  return async (target) => {
    for (let i = 0; i < count; i += 20) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => openRaw(target)));
      for (const [n, { socket }] of sockets.entries()) {
        if (n % 2 === 0) socket.write('GET /sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
        socket.resetAndDestroy();
      }
    }
    return [];
  };
}

function sessionChurn(count: number): Attack['play'] {
  return async (target) => {
    for (let i = 0; i < count; i += 10) {
      const sessions = await Promise.all(Array.from({ length: 10 }, () => openSession(target)));
      for (const session of sessions) session.destroy();
    }
    return [];
  };
}

function idle(count: number): Attack['play'] {
  return async (target) => {
    const sessions = [];
    for (let i = 0; i < count; i += 50) {
      const opening = Array.from({ length: 50 }, (_, n) => openSession(target, `idle-${(i + n) % 20}`));
      sessions.push(...(await Promise.all(opening)));
    }
    await pass(500);
    for (const session of sessions) session.destroy();
    return [];
  };
}

/** They ask for everything that was there before, over and over, and read nothing of it. */
async function slowReaders(target: Target): Promise<string[]> {
  const readers = await Promise.all(Array.from({ length: 10 }, () => openSession(target)));
  for (const reader of readers) {
    reader.socket.pause();
    for (let request = 1; request <= 50; request++) {
      const pull = { type: 'pull', request, collection: 'notes', checkpoint: 0, maxRows: 1_000 } as const;
      reader.write(frame({ payload: up.encode(pull) }));
    }
  }
  await pass(70_000);
  for (const reader of readers) reader.socket.resume();
  return Promise.all(readers.map(({ told }) => told));
}

async function rooms(target: Target): Promise<string[]> {
  const client = await target.open();
  for (let channel = 1; channel <= 101; channel++) {
    client.send({ type: 'room-open', channel, room: { kind: 'free', name: `room-${channel}` } });
  }
  const closed = await client.next('room-closed');
  if (!('code' in closed) || closed.code !== 1013) throw new Error('the session has more than 100 rooms');
  client.terminate();
  return [];
}
