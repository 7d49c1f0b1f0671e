import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientAddresses } from './client-address.ts';
import { type CompleteConnectionOptions, createCap } from './connection-caps.ts';
import type { Offences } from './offences.ts';

/** Who finds a place. */
export interface Admission {
  /** Counts the connections of a listener before anything is known of them. */
  watch(listener: Server): void;
  /** Takes a place for a websocket as long as its socket is open; or the answer to who finds none. */
  enter(request: IncomingMessage, socket: Duplex): HttpRefusal | undefined;
  /** Takes a place of the user. Answers how it is given back; undefined: there is none. */
  enterUser(who: { readonly tenant: string; readonly user: string }): (() => void) | undefined;
  addressOf(request: IncomingMessage): string;
}

export interface HttpRefusal {
  readonly status: string;
  readonly reason: string;
}

export interface AdmissionOptions {
  readonly caps: CompleteConnectionOptions;
  readonly addresses: ClientAddresses;
  readonly offences: Offences;
  /** Is everybody the same user, so that it means nothing how many there are? */
  readonly isAnonymous: boolean;
}

/** Connections beyond the websockets: health checks, files, and those that are to be told that there is no room. */
const SPARE_CONNECTIONS = 1_000;
const SPARE_CONNECTIONS_PER_ADDRESS = 100;

/** A server that is full may have room again by then, in seconds. */
export const RETRY_AFTER_S = 30;

export function createAdmission({ caps, addresses, offences, isAnonymous }: AdmissionOptions): Admission {
  const all = createCap(caps.max);
  const byAddress = createCap(caps.maxPerAddress);
  const byUser = createCap(isAnonymous ? Number.POSITIVE_INFINITY : caps.maxPerUser);
  const rawByAddress = createCap(caps.maxPerAddress + SPARE_CONNECTIONS_PER_ADDRESS);

  return {
    watch(listener) {
      if (Number.isFinite(caps.max)) listener.maxConnections = caps.max + SPARE_CONNECTIONS;
      listener.on('drop', (data) => offences.report('connections', { address: data?.remoteAddress ?? 'unknown' }));
      listener.on('connection', (socket: Socket) => {
        // Behind a proxy are many, whom the request tells apart.
        if (addresses.isProxy(socket.remoteAddress)) return;
        const address = addresses.of({ headers: {}, socket });
        const leave = rawByAddress.enter(address);
        if (leave !== undefined) return void socket.once('close', leave);
        offences.report('connections-of-address', { address });
        socket.destroy();
      });
    },
    enter(request, socket) {
      const address = addresses.of(request);
      const leaveAddress = byAddress.enter(address);
      if (leaveAddress === undefined) {
        offences.report('connections-of-address', { address });
        return { status: '429 Too Many Requests', reason: `${caps.maxPerAddress} connections come from this address` };
      }
      socket.once('close', leaveAddress);
      const leave = all.enter('');
      if (leave === undefined) {
        offences.report('connections', { address });
        return { status: '503 Service Unavailable', reason: 'the server has no room for another connection' };
      }
      socket.once('close', leave);
      return undefined;
    },
    enterUser: ({ tenant, user }) => byUser.enter(JSON.stringify([tenant, user])),
    addressOf: (request) => addresses.of(request),
  };
}
