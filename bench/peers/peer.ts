import { type Calls, type Child, startChild } from '../child.ts';

/** What people would otherwise use, as they have it. */
export const OTHER_PEERS = ['rxdb-websocket', 'y-websocket'] as const;

export type OtherPeer = (typeof OTHER_PEERS)[number];

/** One of those that are measured: a server, and clients of it. */
export type Peer = 'floor' | 'breakwater' | OtherPeer;

export interface ServerApi extends Calls {
  /** Resolves with the port on 127.0.0.1. `origin`: of a page that may connect. */
  listen(origin?: string): Promise<number>;
}

/** Fields that are written again and again. */
export type Field = 'body' | 'place';

/**
 * A process with one or more clients, each with rows of its own. The first one writes, all of them watch. Times are
 * milliseconds of `nowMs`.
 */
export interface ClientApi extends Calls {
  /** Makes so many clients of the server at a port, without a connection. */
  open(port: number, clients: number): Promise<void>;
  /** Connects all of them, and resolves with the time at which that began. */
  connect(): Promise<number>;
  /** Resolves when each has what the server has. */
  inStep(): Promise<void>;
  /** Gives up the connections, and resolves when they are gone. */
  disconnect(): Promise<void>;
  /** Writes new rows, numbered from `first`; resolves with the times at which that began and ended on the device. */
  write(first: number, count: number): Promise<Span>;
  /** Resolves once the server has every write, with the time at which it had said so; undefined: it never says so. */
  acknowledged(): Promise<number | undefined>;
  /** Resolves with the time at which the first client held so many rows. */
  holds(count: number): Promise<number>;
  /** Looks out for an update of a field in the first so many rows from now on. */
  watch(fields: readonly Field[], rows: number, update: number): Promise<void>;
  /** Resolves with the time at which the last client showed what it looked out for. */
  seen(): Promise<number>;
  /** In how many of the first so many rows the first client shows an update of each of the fields now. */
  showing(fields: readonly Field[], rows: number, update: number): Promise<number>;
  /** Writes a field of the first so many rows, and resolves with the time at which that began. */
  patch(field: Field, rows: number, update: number): Promise<number>;
  /** Writes a field of one row. */
  patchRow(row: number, update: number): Promise<number>;
  /** Looks out for `patchRow` from now on. */
  watchRow(row: number, update: number): Promise<void>;
}

export interface Span {
  readonly began: number;
  readonly ended: number;
}

export type ClientProcess = Child<ClientApi>;

export interface RunningPeer {
  readonly port: number;
  readonly server: Child<ServerApi>;
  /** A process with so many clients, connected and in step. `port`: of a proxy, say. */
  client(clients?: number, port?: number): Promise<ClientProcess>;
  /** A process with one client that is not connected yet. */
  offlineClient(): Promise<ClientProcess>;
  /** Ends the server and the clients. */
  end(): Promise<void>;
}

export async function startPeer(peer: Peer, origin?: string): Promise<RunningPeer> {
  const server = await startChild<ServerApi>(`./peers/${peer}-server.ts`);
  const port = await server.call('listen', origin);
  const clients: ClientProcess[] = [];

  async function open(count: number, at: number): Promise<ClientProcess> {
    const client = await startChild<ClientApi>(`./peers/${peer}-client.ts`);
    clients.push(client);
    await client.call('open', at, count);
    return client;
  }

  return {
    port,
    server,
    async client(count = 1, at = port) {
      const client = await open(count, at);
      await client.call('connect');
      await client.call('inStep');
      return client;
    },
    offlineClient: () => open(1, port),
    async end() {
      await Promise.all(clients.map((client) => client.end()));
      await server.end();
    },
  };
}

/** What an update writes into a field. */
export function updated(field: Field, update: number): string {
  return `${field} ${update}`;
}
