import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { WebSocketServer } from 'ws';
import { serve, startChild } from './child.ts';
import type { ServerApi } from './peers/peer.ts';

/** A server in a process of its own, so that it shares neither event loop nor heap with the clients. */
export interface ServerProcess {
  readonly port: number;
  end(): Promise<void>;
}

/** In the server's process: says where it listens. */
export function serveSocket(server: WebSocketServer): void {
  const isListening = once(server, 'listening');
  serve<ServerApi>({
    async listen() {
      await isListening;
      return (server.address() as AddressInfo).port;
    },
  });
}

export async function startServerProcess(file: string): Promise<ServerProcess> {
  const child = await startChild<ServerApi>(file);
  return { port: await child.call('listen'), end: () => child.end() };
}
