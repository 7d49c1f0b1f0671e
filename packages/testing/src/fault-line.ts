import { connect, type Socket } from 'node:net';
import type { Scheduler } from '@breakwater/client';
import { createLane, type Direction, type Lane, type Weather } from './fault-lane.ts';

export interface LineOptions {
  readonly client: Socket;
  /** The server's port. */
  readonly to: number;
  readonly weather: Weather;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** See {@link LaneOptions.cutOffset}. */
  readonly cutOffset: Readonly<Record<Direction, (bytes: Uint8Array) => number | undefined>>;
  readonly onCut: () => void;
  /** Both of its ends are closed. */
  readonly onGone: () => void;
}

/** One connection of a client through the proxy to the server. */
export interface Line {
  /** Bytes under way in both directions. */
  readonly waiting: number;
  pump(): void;
  swallow(): void;
  halfClose(direction: Direction): void;
  /** Ends it on both sides at once. */
  cut(): void;
}

export function layLine({ client, to, weather, scheduler, random, cutOffset, onCut, onGone }: LineOptions): Line {
  const server = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  client.setNoDelay(true);
  let isSwallowing = false;
  let closed = 0;

  const lay = (direction: Direction, from: Socket, to: Socket): Lane =>
    createLane({
      direction,
      from,
      to,
      weather,
      scheduler,
      random,
      cutOffset: cutOffset[direction],
      onCut() {
        onCut();
        // The receiver is to have all that got through: it hears of the end behind it.
        from.destroy();
        to.end();
      },
    });
  const lanes: Record<Direction, Lane> = { up: lay('up', client, server), down: lay('down', server, client) };
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    socket.on('error', () => isSwallowing || other.destroy());
    socket.on('close', () => {
      closed += 1;
      if (closed === 2) onGone();
    });
  }

  return {
    get waiting() {
      return lanes.up.waiting + lanes.down.waiting;
    },
    pump() {
      lanes.up.pump();
      lanes.down.pump();
    },
    swallow() {
      isSwallowing = true;
      lanes.up.swallow();
      lanes.down.swallow();
    },
    halfClose: (direction) => lanes[direction].halfClose(),
    cut() {
      client.destroy();
      server.destroy();
    },
  };
}

/** A connection that leads nowhere: what is sent vanishes, and nothing is ever said. */
export function layBlackLine(client: Socket, onGone: () => void): Line {
  client.on('close', onGone);
  client.resume();
  return {
    waiting: 0,
    pump() {},
    swallow() {},
    halfClose() {},
    cut: () => client.destroy(),
  };
}
