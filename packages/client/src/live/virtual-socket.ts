import type { RoomEars, RoomSeat } from './rooms.ts';

type Handler<E> = ((event: E) => void) | null;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * A WebSocket class for a provider of the Yjs family, whose sockets are seats in one room. While there is no link its
 * sockets stay CONNECTING: a provider that saw them fail would try ever more seldom.
 */
export function virtualWebSocket(join: (ears: RoomEars) => RoomSeat): typeof WebSocket {
  class VirtualSocket {
    static readonly CONNECTING = CONNECTING;
    static readonly OPEN = OPEN;
    static readonly CLOSING = CLOSING;
    static readonly CLOSED = CLOSED;
    readonly CONNECTING = CONNECTING;
    readonly OPEN = OPEN;
    readonly CLOSING = CLOSING;
    readonly CLOSED = CLOSED;
    readonly url: string;
    binaryType = 'arraybuffer';
    readyState: number = CONNECTING;
    onopen: Handler<{ readonly type: 'open' }> = null;
    onmessage: Handler<{ readonly data: ArrayBuffer }> = null;
    onclose: Handler<{ readonly code: number; readonly reason: string }> = null;
    onerror: Handler<unknown> = null;
    readonly #seat: RoomSeat;

    constructor(url: string) {
      this.url = url;
      this.#seat = join({
        onJoined: () => {
          this.readyState = OPEN;
          this.onopen?.({ type: 'open' });
        },
        onData: (message) => this.onmessage?.({ data: message.slice().buffer as ArrayBuffer }),
        onLost: (code, reason) => {
          this.readyState = CLOSED;
          this.onclose?.({ code, reason });
        },
      });
    }

    send(message: Uint8Array): void {
      if (this.readyState === OPEN) this.#seat.send(message);
    }

    close(): void {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.#seat.leave();
    }
  }
  return VirtualSocket as unknown as typeof WebSocket;
}
