import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

export interface AttachOptions {
  readonly isOurs: (request: IncomingMessage) => boolean;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly refuse: (socket: Duplex, status: string) => void;
}

/** Takes the websockets of a server that are ours; the answer lets go of it. */
export function attachTo(httpServer: Server, { isOurs, upgrade, refuse }: AttachOptions): () => void {
  const take = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isOurs(request)) return upgrade(request, socket, head);
    // Node leaves a socket alone that somebody listens for: nobody else would ever answer it.
    if (httpServer.listenerCount('upgrade') > 1) return;
    socket.on('error', () => socket.destroy());
    refuse(socket, '404 Not Found');
  };
  httpServer.on('upgrade', take);
  return () => httpServer.off('upgrade', take);
}
