import { setTimeout as pass } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Attack, attack } from './attack.ts';
import { frame, handshake, openRaw, openWebsocket, type RawSocket } from './raw-socket.ts';
import type { Target } from './target.ts';

const SLOWLY = { isQuick: false };

/** From the first byte to the handshake, and to `connect`. */
export const HANDSHAKES: readonly Attack[] = [
  attack('no HTTP at all', /^HTTP 400$/, says('\0\x01\x02 nonsense\r\n\r\n')),
  attack('a request smuggled in another', /^HTTP 400$/, says(smuggled())),
  attack('headers of 64 KiB', /^HTTP 431$/, says(handshake([`X-Large: ${'x'.repeat(65_536)}`]))),
  attack('ten thousand headers', /^HTTP 431$/, says(handshake(Array.from({ length: 10_000 }, (_, i) => `X-${i}: 1`)))),
  attack('a websocket without a key', /^HTTP 400$/, says(handshake([], withoutKey()))),
  attack('a websocket of version 7', /^HTTP 4(00|26)$/, says(handshake([], ofVersion7()))),
  attack('pages of other origins', /^403$/, (target) => Promise.all(ORIGINS.map((origin) => knock(target, origin)))),
  attack('paths that lead elsewhere', /^(400|404|405)$/, (target) =>
    Promise.all(PATHS.map((path) => get(target, path))),
  ),
  attack('a deflate bomb', /^close 1002/, deflateBomb),
  attack('rooms under strange names', /^(close (4401|4404)|HTTP 40)/, strangeRooms),
  attack('a request that never ends', /^HTTP 40[08]$/, many(20, drips('GET /sync HTTP/1.1\r\nX-'))),
  attack(
    'a body that never ends',
    /^HTTP 4(05|08)$/,
    many(20, drips('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n')),
  ),
  attack(
    'sockets that say nothing',
    /^(HTTP 408|cut off)$/,
    many(200, async ({ told }) => told),
    SLOWLY,
  ),
  attack('headers byte by byte', /^HTTP 408$/, many(100, dripsOn('GET /sync HTTP/1.1\r\nX-Slow: ')), SLOWLY),
  attack('websockets that never connect', /^close 1013 no session within 10 s$/, opens(200), SLOWLY),
  attack('a connect byte by byte', /^close 1013 no session within 10 s$/, connectDrips, SLOWLY),
];

const ORIGINS = [
  'https://evil.example',
  'null',
  'http://127.0.0.1.evil.example',
  'http://localhost:1',
  'file://',
  'javascript:alert(1)',
];

const PATHS = [
  '/../../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/..%5c..%5cetc/passwd',
  '/%00',
  '/%',
  '//evil.example/',
  '/__proto__',
  '/constructor/prototype',
  `/${'a'.repeat(8_000)}`,
  '/metrics',
];

function says(text: string): Attack['play'] {
  return async (target) => {
    const raw = await openRaw(target);
    raw.write(text);
    return [await raw.told];
  };
}

function many(count: number, play: (raw: RawSocket) => Promise<string>): Attack['play'] {
  return (target) => Promise.all(Array.from({ length: count }, async () => play(await openRaw(target))));
}

/** A beginning, and then the end of the patience of who sends it. */
function drips(text: string): (raw: RawSocket) => Promise<string> {
  return async (raw) => {
    raw.write(text);
    for (let i = 0; i < 10; i++) {
      raw.write('x');
      await pass(10);
    }
    raw.socket.end();
    return raw.told;
  };
}

/** A byte every half second, as long as it is heard. */
function dripsOn(text: string): (raw: RawSocket) => Promise<string> {
  return async (raw) => {
    raw.write(text);
    await drip(raw, () => 'x');
    return raw.told;
  };
}

async function drip(raw: RawSocket, next: () => Uint8Array | string): Promise<void> {
  let isTold = false;
  void raw.told.then(() => {
    isTold = true;
  });
  while (!isTold) {
    raw.write(next());
    await pass(500);
  }
}

function opens(count: number): Attack['play'] {
  return (target) => Promise.all(Array.from({ length: count }, async () => (await openWebsocket(target)).told));
}

async function connectDrips(target: Target): Promise<string[]> {
  const raw = await openWebsocket(target);
  raw.write(frame({ payload: new Uint8Array(), length: { code: 126, bytes: Buffer.from([16, 0]) } }));
  await drip(raw, () => Buffer.from([1]));
  return [await raw.told];
}

/** The extension is offered and must not be taken: a kilobyte of it would be a megabyte in memory. */
async function deflateBomb(target: Target): Promise<string[]> {
  const raw = await openRaw(target);
  raw.write(handshake(['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']));
  raw.write(frame({ bits: 12, payload: new Uint8Array(1_000) }));
  return [await raw.told];
}

async function strangeRooms(target: Target): Promise<string[]> {
  const names = [
    '/yjs/doc/',
    '/yjs/doc/__proto__/__proto__',
    '/yjs/doc/notes/%',
    '/yjs/room/%ff',
    '/yjs/doc/notes/..%2f..%2f',
  ];
  const paths = names.map((name) => `${name}?token=${target.token()}`);
  paths.push('/yjs/room/x?token=forged', `/yjs/room/x?token=${'y'.repeat(12_000)}`);
  return Promise.all(
    paths.map(async (path) => {
      const raw = await openRaw(target);
      raw.write(handshake().replace('/sync', path));
      return raw.told;
    }),
  );
}

function smuggled(): string {
  return 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /sync HTTP/1.1\r\n\r\n';
}

function withoutKey(): string[] {
  return ['GET /sync HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
}

function ofVersion7(): string[] {
  return [...withoutKey().slice(0, 4), 'Sec-WebSocket-Version: 7', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
}

function knock({ url }: Target, origin: string): Promise<string> {
  const socket = new WebSocket(url, { headers: { origin } });
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, { statusCode }) => {
      resolve(String(statusCode));
      socket.terminate();
    });
    socket.once('open', () => {
      resolve('let in');
      socket.terminate();
    });
  });
}

async function get(target: Target, path: string): Promise<string> {
  const raw = await openRaw(target);
  raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return (await raw.told).replace('HTTP ', '');
}
