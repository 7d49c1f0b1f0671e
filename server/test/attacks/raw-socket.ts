import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { down, PROTOCOL_VERSION, up } from '@breakwater/protocol';
import type { Target } from './target.ts';

/** A TCP socket on which anything can be said, also what no library for websockets would. */
export interface RawSocket {
  readonly socket: Socket;
  write(bytes: Uint8Array | string): void;
  /** Writes as fast as it is read, until there is an end; `next` answers what to write, undefined: nothing more. */
  pour(next: () => Uint8Array | undefined): Promise<void>;
  /** What it is told at the end: `HTTP 400`, `close 1002 reason`, or `cut off`. An error frame stands before it. */
  readonly told: Promise<string>;
  /** Resolves when a message of this type came. */
  heard(type: string): Promise<void>;
  destroy(): void;
}

const HANDSHAKE = [
  'GET /sync HTTP/1.1',
  'Host: x',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

export async function openRaw({ port }: Pick<Target, 'port'>): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const reader = createReader();
  const waiting: { readonly type: string; readonly resolve: () => void }[] = [];
  socket.on('data', (chunk: Buffer) => {
    reader.read(chunk);
    for (const each of waiting.splice(0)) {
      if (reader.types.includes(each.type)) each.resolve();
      else waiting.push(each);
    }
  });
  const told = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(reader.told));
    // A server that has said goodbye waits for the answer.
    socket.on('data', () => reader.isOver && socket.end());
  });
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return {
    socket,
    write: (bytes) => socket.write(bytes),
    async pour(next) {
      while (!socket.destroyed && !reader.isOver) {
        const bytes = next();
        if (bytes === undefined) return;
        if (socket.write(bytes)) await new Promise((resolve) => setImmediate(resolve));
        else await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
      }
    },
    told,
    heard: (type) =>
      reader.types.includes(type)
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ type, resolve });
            void told.then(() => resolve());
          }),
    destroy: () => socket.destroy(),
  };
}

/** With more or other headers than a browser sends. */
export function handshake(more: readonly string[] = [], lines: readonly string[] = HANDSHAKE): string {
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
}

/** A websocket that has not said who it is. */
export async function openWebsocket(target: Pick<Target, 'port'>): Promise<RawSocket> {
  const raw = await openRaw(target);
  raw.write(handshake());
  return raw;
}

/** A session that is live. */
export async function openSession(target: Target, user = 'attacker'): Promise<RawSocket> {
  const raw = await openWebsocket(target);
  raw.write(frame({ payload: connectFrame(target.token(user)) }));
  await raw.heard('connected');
  return raw;
}

export function connectFrame(token: string): Uint8Array {
  const versions = [PROTOCOL_VERSION, PROTOCOL_VERSION] as const;
  return up.encode({ type: 'connect', versions, token, replica: 'attacker', inflates: false });
}

export interface FrameOptions {
  /** The three reserved bits, and `fin` before them, as a number from 0 to 15. Default: 8, fin alone. */
  readonly bits?: number;
  /** Default: 2, binary. */
  readonly opcode?: number;
  readonly payload?: Uint8Array;
  readonly isMasked?: boolean;
  /** What the header says, whatever follows: bytes of the length field, after the first seven bits. */
  readonly length?: { readonly code: number; readonly bytes: Uint8Array };
}

/** One frame of a websocket, as RFC 6455 has it or otherwise. */
export function frame({ bits = 8, opcode = 2, payload = new Uint8Array(), isMasked = true, length }: FrameOptions) {
  const { code, bytes } = length ?? lengthOf(payload.length);
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0);
  const body = Buffer.from(payload);
  if (isMasked) for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return Buffer.concat([Buffer.from([(bits << 4) | opcode, (isMasked ? 0x80 : 0) | code]), bytes, mask, body]);
}

function lengthOf(length: number): { code: number; bytes: Uint8Array } {
  if (length < 126) return { code: length, bytes: new Uint8Array() };
  const bytes = Buffer.alloc(length < 65_536 ? 2 : 8);
  if (length < 65_536) bytes.writeUInt16BE(length);
  else bytes.writeBigUInt64BE(BigInt(length));
  return { code: length < 65_536 ? 126 : 127, bytes };
}

/** Reads what a server says: an HTTP head, and the frames of a websocket behind it. */
function createReader() {
  let rest: Buffer = Buffer.alloc(0);
  let status: number | undefined;
  let fault = '';
  let goodbye: string | undefined;
  const types: string[] = [];

  function readFrame(): boolean {
    const [first = 0, second = 0] = rest;
    const size = second === 126 ? 4 : second === 127 ? 10 : 2;
    if (rest.length < size) return false;
    const length = second === 126 ? rest.readUInt16BE(2) : second === 127 ? Number(rest.readBigUInt64BE(2)) : second;
    if (rest.length < size + length) return false;
    const payload = rest.subarray(size, size + length);
    rest = rest.subarray(size + length);
    if ((first & 15) === 8)
      goodbye ??= `close ${payload.length < 2 ? '' : payload.readUInt16BE()} ${payload.subarray(2)}`;
    if ((first & 15) === 2) hear(payload);
    return true;
  }

  function hear(payload: Uint8Array): void {
    const message = down.decode(payload);
    if (message?.type === 'error' && message.request === 0) fault = `${message.code}, `;
    if (message !== undefined) types.push(message.type);
  }

  return {
    types,
    get isOver() {
      return goodbye !== undefined;
    },
    get told() {
      if (goodbye !== undefined) return `${fault}${goodbye}`.trim();
      return status === undefined || status === 101 ? 'cut off' : `HTTP ${status}`;
    },
    read(chunk: Buffer) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.indexOf('\r\n\r\n');
      if (status === undefined && end < 0) return;
      if (status === undefined) {
        status = Number(/^HTTP\/1\.1 (\d+)/.exec(rest.toString('latin1', 0, 20))?.[1]);
        rest = rest.subarray(end + 4);
      }
      while (status === 101 && rest.length >= 2 && readFrame());
    },
  };
}
