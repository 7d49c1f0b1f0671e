import { EventEmitter } from 'node:events';
import { type DownMessage, down, type UpMessage, up } from '@breakwater/protocol';
import type { SessionSocket } from '../src/session.ts';

/** A socket whose network is the test: what was sent stays unsent until the test says so. */
export interface FakeSocket extends SessionSocket {
  /** What happened to it, in order: messages by their type, `ping`, `pause`, `resume`, `close 1013 reason`, `terminate`. */
  readonly events: string[];
  readonly sent: DownMessage[];
  /** The bytes count as unsent from now on; false: and go out at once. */
  isStuck: boolean;
  bufferedAmount: number;
  /** Everything unsent goes out. */
  flush(): void;
  hear(message: UpMessage): void;
  hearFrame(frame: Uint8Array, isBinary?: boolean): void;
  emit(event: 'ping' | 'pong' | 'close' | 'error', said?: Error | Buffer): void;
}

export function createFakeSocket(): FakeSocket {
  const emitter = new EventEmitter();
  const events: string[] = [];
  const sent: DownMessage[] = [];
  let unsent: (() => void)[] = [];

  const socket: FakeSocket = {
    events,
    sent,
    isStuck: false,
    bufferedAmount: 0,
    on: (event: string, listener: (...args: never[]) => void) => emitter.on(event, listener as () => void),
    send(frame, done) {
      const message = down.decode(frame);
      if (message !== undefined) sent.push(message);
      events.push(message?.type ?? 'unknown');
      if (!socket.isStuck) return setImmediate(done);
      socket.bufferedAmount += frame.length;
      unsent.push(done);
    },
    ping: () => events.push('ping'),
    pong: () => events.push('pong'),
    pause: () => events.push('pause'),
    resume: () => events.push('resume'),
    close: (code, reason) => events.push(`close ${code} ${reason}`),
    terminate: () => events.push('terminate'),
    flush() {
      socket.bufferedAmount = 0;
      socket.isStuck = false;
      const done = unsent;
      unsent = [];
      for (const each of done) each();
    },
    hear: (message) => socket.hearFrame(up.encode(message)),
    hearFrame: (frame, isBinary = true) => emitter.emit('message', Buffer.from(frame), isBinary),
    emit: (event, said) => emitter.emit(event, said),
  };
  return socket;
}
