import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';

/** One end of a TCP connection, and what it has heard. */
export interface TcpEnd {
  readonly heard: string;
  /** Sizes of what came, each as it was read. */
  readonly chunks: readonly number[];
  /** The other side will say nothing more. */
  readonly isEnded: boolean;
  say(text: string): void;
  hears(text: string): Promise<void>;
  isToldTheEnd(): Promise<void>;
  closes(): Promise<void>;
  /** How much was said that has not left yet, in bytes. */
  readonly unsent: number;
  end(): void;
  destroy(): void;
}

/** A server that keeps what it hears of each connection to itself. */
export interface TcpServer {
  readonly port: number;
  /** Its end of the n-th connection. */
  accepts(number?: number): Promise<TcpEnd>;
  readonly accepted: number;
  end(): Promise<void>;
}

export async function startTcpServer(): Promise<TcpServer> {
  const ends: TcpEnd[] = [];
  const listener: Server = createServer({ allowHalfOpen: true }, (socket) => ends.push(toEnd(socket)));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    get accepted() {
      return ends.length;
    },
    async accepts(number = 1) {
      await expect.poll(() => ends.length, { interval: 1 }).toBeGreaterThanOrEqual(number);
      const end = ends[number - 1];
      if (end === undefined) throw new Error('connections are counted from 1');
      return end;
    },
    async end() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const end of ends) end.destroy();
      await closed;
    },
  };
}

export function connectTo(port: number): TcpEnd {
  return toEnd(connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
}

function toEnd(socket: Socket): TcpEnd {
  let heard = '';
  const chunks: number[] = [];
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    heard += text;
    chunks.push(text.length);
  });
  return {
    get heard() {
      return heard;
    },
    chunks,
    get isEnded() {
      return socket.readableEnded;
    },
    get unsent() {
      return socket.writableLength;
    },
    say: (text) => socket.write(text, 'latin1'),
    hears: (text) => expect.poll(() => heard, { interval: 1 }).toBe(text),
    isToldTheEnd: () => expect.poll(() => socket.readableEnded, { interval: 1 }).toBe(true),
    closes: () => expect.poll(() => socket.closed, { interval: 1 }).toBe(true),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}
