import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Scheduler, systemScheduler } from '@breakwater/client';
import type { Direction, Weather } from './fault-lane.ts';
import { type Line, layBlackLine, layLine } from './fault-line.ts';
import { createFrameReader, type FrameSpan } from './websocket-frames.ts';

/**
 * A line over TCP on loopback, between real clients and a real server, to which things happen. What concerns the line as
 * such holds for every connection, those there are and those to come, until `heal()`.
 */
export interface FaultProxy {
  /** Where clients connect. */
  readonly port: number;
  /** Connections that were made so far, those that were refused left out. */
  readonly accepted: number;
  /** Connections that are open. */
  readonly open: number;
  /** Connections that were cut where a test had said, by bytes or at a frame. */
  readonly cuts: number;
  /** Bytes under way: taken from one side, not yet handed to the other. */
  readonly waiting: number;
  /** Everything takes so long, plus up to so much by chance. The order stays. */
  slow(delay: { readonly latencyMs: number; readonly jitterMs?: number }): void;
  narrow(limit: { readonly bytesPerSecond: number }): void;
  /** Every byte goes by itself, one in each turn of the event loop. */
  trickle(): void;
  /** Nothing moves until `goOn()`, nothing gets lost. */
  stall(direction?: Direction): void;
  goOn(): void;
  /** A black hole: what is sent vanishes, nothing is closed, new connections come to nothing. It never gives back. */
  swallow(): void;
  /** Turns new connections away. */
  refuse(): void;
  /** All is well for new connections, and for those that have lost nothing. */
  heal(): void;
  /** Cuts all connections; what is under way is lost. */
  cut(): void;
  /** Cuts the next connection when so many bytes of a direction have got through. */
  cutAfter(bytes: ByteCut): void;
  /** Cuts one connection at one frame: all before it has got through. */
  cutAtFrame(cut: FrameCut): void;
  /** The receiver hears that nothing more will come in this direction; the other one goes on. */
  halfClose(direction: Direction): void;
  end(): Promise<void>;
}

export type ByteCut = { readonly [direction in Direction]?: number };

export interface FrameCut {
  readonly direction: Direction;
  /** 0: the head of the handshake; from 1 on the frames of the websocket, control frames included. */
  readonly frame: number;
  /** Before: once its first byte has come. Inside: half of it gets through. After: all of it does. */
  readonly at: 'before' | 'inside' | 'after';
  /** Counted from 1. Default: the next one. */
  readonly connection?: number;
}

export interface PassedFrame {
  readonly connection: number;
  readonly direction: Direction;
  readonly frame: number;
}

export interface FaultProxyOptions {
  /** The server's port. */
  readonly to: number;
  /** Default: the system's. */
  readonly scheduler?: Scheduler;
  /** A random number in [0, 1), for the jitter. Default: Math.random. */
  readonly random?: () => number;
  /** A frame has come whole. What goes over the line must be websockets then, as with cutAtFrame. */
  readonly onFrame?: (frame: PassedFrame) => void;
}

/** Connections beyond it are turned away: a test that opens so many has lost its way. */
const MAX_CONNECTIONS = 2_000;

/** The part of a head that gets through when it is cut inside, in bytes: how long it is shows only at its end. */
const INSIDE_HEAD_BYTES = 16;

const FAIR = { latencyMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, isTrickling: false } as const;

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { to, scheduler = systemScheduler, random = Math.random, onFrame } = options;
  const weather: Weather = { ...FAIR, isStalled: { up: false, down: false } };
  const lines = new Set<Line>();
  const frameCuts: Required<FrameCut>[] = [];
  let nextCut: ByteCut = {};
  let isSwallowing = false;
  let isRefusing = false;
  let accepted = 0;
  let cuts = 0;

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => {});
    if (isRefusing || lines.size >= MAX_CONNECTIONS) client.resetAndDestroy();
    else admit(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  function admit(client: Socket): void {
    accepted += 1;
    const onGone = () => lines.delete(line);
    const line = isSwallowing ? layBlackLine(client, onGone) : lay(client, onGone);
    lines.add(line);
  }

  function lay(client: Socket, onGone: () => void): Line {
    const cutAfter = nextCut;
    nextCut = {};
    const connection = accepted;
    const cutterFor = (direction: Direction) => {
      const cut = frameCuts.find((each) => each.connection === connection && each.direction === direction);
      if (cut === undefined && onFrame === undefined) return () => cutAfter[direction];
      const follow = followFrames(cut, (frame) => onFrame?.({ connection, direction, frame }));
      return (bytes: Uint8Array) => follow(bytes) ?? cutAfter[direction];
    };
    const cutOffset = { up: cutterFor('up'), down: cutterFor('down') };
    const onCut = () => {
      cuts += 1;
    };
    return layLine({ client, to, weather, scheduler, random, cutOffset, onCut, onGone });
  }

  function change(weatherNow: Partial<Weather>): void {
    Object.assign(weather, weatherNow);
    for (const line of lines) line.pump();
  }

  return {
    port: (listener.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get open() {
      return lines.size;
    },
    get cuts() {
      return cuts;
    },
    get waiting() {
      return [...lines].reduce((sum, { waiting }) => sum + waiting, 0);
    },
    slow: ({ latencyMs, jitterMs = 0 }) => change({ latencyMs, jitterMs }),
    narrow: ({ bytesPerSecond }) => change({ bytesPerSecond }),
    trickle: () => change({ isTrickling: true }),
    stall(direction) {
      if (direction === undefined) change({ isStalled: { up: true, down: true } });
      else change({ isStalled: { ...weather.isStalled, [direction]: true } });
    },
    goOn: () => change({ isStalled: { up: false, down: false } }),
    swallow() {
      isSwallowing = true;
      for (const line of lines) line.swallow();
    },
    refuse() {
      isRefusing = true;
    },
    heal() {
      isSwallowing = false;
      isRefusing = false;
      change({ ...FAIR, isStalled: { up: false, down: false } });
    },
    cut() {
      for (const line of lines) line.cut();
    },
    cutAfter(bytes) {
      nextCut = bytes;
    },
    cutAtFrame(cut) {
      frameCuts.push({ connection: accepted + 1, ...cut });
    },
    halfClose(direction) {
      for (const line of lines) line.halfClose(direction);
    },
    async end() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const line of lines) line.cut();
      await closed;
    },
  };
}

/** Reads along; answers where the line is cut, once that shows. */
function followFrames(cut: FrameCut | undefined, onWhole: (frame: number) => void) {
  const reader = createFrameReader();
  let offset: number | undefined;
  return (bytes: Uint8Array): number | undefined => {
    for (const span of reader.read(bytes)) {
      if (cut !== undefined && span.index === cut.frame) offset ??= offsetOf(cut, span);
      if (span.isWhole) onWhole(span.index);
    }
    return offset;
  };
}

function offsetOf({ at }: FrameCut, { index, start, end }: FrameSpan): number | undefined {
  if (at === 'before') return start;
  if (at === 'after') return end;
  if (index === 0) return start + INSIDE_HEAD_BYTES;
  return end === undefined ? undefined : start + Math.ceil((end - start) / 2);
}
