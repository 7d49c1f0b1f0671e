import type { WebSocketLike } from '../data/database.ts';
import type { Message, Weather } from './weather.ts';

export interface WeatheredSocket {
  readonly like: WebSocketLike;
  /** The weather has changed. */
  feel(): void;
}

export interface SocketWeather {
  readonly weather: () => Weather;
  readonly onMessage: (message: Message) => void;
  readonly onEnd: () => void;
}

/** What a browser reports when a connection is gone without a word. */
const LOSS = { code: 1006, reason: '' };

/** How long it takes to notice that there is no way to the server, in milliseconds. */
const NO_WAY_MS = 400;

/** A slow line takes so long for the way, in milliseconds, and so many bytes a second. */
const SLOW = { wayMs: 450, bytesPerSecond: 40_000 };

/** On a lossy line this share of the messages is lost and sent again, so many milliseconds later. */
const LOSSY = { share: 0.2, lateMs: [300, 1_500], breaksMs: [5_000, 15_000] } as const;

/** How long a line holds in a storm, in milliseconds; nothing gets through on it. */
const STORM_MS = [150, 450] as const;

/** A real websocket with the weather between it and whoever uses it. What arrives, arrives in order. */
export function openWeatheredSocket(url: string, { weather, onMessage, onEnd }: SocketWeather): WeatheredSocket {
  const real = weather() === 'cut' ? undefined : new WebSocket(url);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const freeAt = { up: 0, down: 0 };
  let isOver = false;
  let hasGap = false;
  let breaking: ReturnType<typeof setTimeout> | undefined;

  const like: WebSocketLike = {
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data) {
      carry('up', data.byteLength, () => real?.send(data));
    },
    close(code, reason) {
      end();
      // Nothing that is still on its way may arrive: not a message, and not the goodbye of an orderly close.
      if (weather() === 'clear') real?.close(code, reason);
      else real?.close();
    },
  };

  if (real === undefined) later(NO_WAY_MS, sever);
  else {
    real.binaryType = 'arraybuffer';
    real.onopen = () => carry('down', 0, () => like.onopen?.(new Event('open') as never));
    real.onmessage = ({ data }: MessageEvent<ArrayBuffer>) =>
      carry('down', data.byteLength, () => like.onmessage?.({ data } as never));
    real.onclose = ({ code, reason }) => carry('down', 0, () => lose({ code, reason }));
    feel();
  }

  function carry(direction: 'up' | 'down', bytes: number, deliver: () => void): void {
    if (isOver) return;
    if ((weather() === 'silent' || weather() === 'storm') && bytes > 0) {
      hasGap = true;
      return tell(direction, bytes, 0, 'lost');
    }
    const now = performance.now();
    const wait = Math.max(0, freeAt[direction] - now) + delayMs(bytes);
    tell(direction, bytes, wait, 'arrives');
    // Even one that takes no time must not overtake the one before it.
    if (wait === 0) return deliver();
    freeAt[direction] = now + wait;
    later(wait, deliver);
  }

  function tell(direction: 'up' | 'down', bytes: number, travelMs: number, fate: Message['fate']): void {
    if (bytes > 0) onMessage({ direction, bytes, travelMs, fate });
  }

  function delayMs(bytes: number): number {
    switch (weather()) {
      case 'slow':
        return SLOW.wayMs + (bytes / SLOW.bytesPerSecond) * 1000;
      case 'lossy':
        return Math.random() < LOSSY.share ? between(LOSSY.lateMs) : 40;
      default:
        return 0;
    }
  }

  function feel(): void {
    const now = weather();
    clearTimeout(breaking);
    if (now === 'cut' || (hasGap && now !== 'silent')) sever();
    else if (now === 'storm') breaking = later(between(STORM_MS), sever);
    else if (now === 'lossy') breaking = later(between(LOSSY.breaksMs), sever);
  }

  function sever(): void {
    if (isOver) return;
    lose(LOSS);
    real?.close();
  }

  function lose(how: { readonly code: number; readonly reason: string }): void {
    end();
    like.onclose?.(how as never);
  }

  function end(): void {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    if (real !== undefined) {
      real.onopen = null;
      real.onmessage = null;
      real.onclose = null;
    }
    onEnd();
  }

  function later(ms: number, run: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!isOver) run();
    }, ms);
    timers.add(timer);
    return timer;
  }

  return { like, feel };
}

function between([least, most]: readonly [number, number]): number {
  return least + Math.random() * (most - least);
}
