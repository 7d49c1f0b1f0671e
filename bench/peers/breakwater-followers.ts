/* Sessions that follow a collection and keep nothing: what a server can do, whatever its clients make of it. */
import { once } from 'node:events';
import { down, PROTOCOL_VERSION, up } from '@breakwater/protocol';
import { WebSocket } from 'ws';
import { nowMs, serve } from '../child.ts';
import type { FollowersApi } from './followers.ts';

let heard = 0;
let expected = 0;
let all: Promise<number> = Promise.resolve(0);
let onAll: (time: number) => void = () => {};

serve<FollowersApi>({
  async open(port, count) {
    expected = count;
    for (let i = 0; i < count; i++) await follow(port);
  },
  async listen() {
    heard = 0;
    all = new Promise((resolve) => {
      onAll = resolve;
    });
  },
  allHeard: () => all,
});

async function follow(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sync`, { perMessageDeflate: false });
  const versions = [PROTOCOL_VERSION, PROTOCOL_VERSION] as const;
  await once(socket, 'open');
  const isFollowing = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const message = down.decode(data);
      if (message?.type === 'connected') {
        socket.send(up.encode({ type: 'pull', request: 1, collection: 'notes', checkpoint: 0, maxRows: 1 }));
      }
      if (message?.type === 'page' && message.last) resolve();
      if (message?.type === 'rows' && ++heard === expected) onAll(nowMs());
    });
  });
  socket.send(up.encode({ type: 'connect', versions, token: '', replica: crypto.randomUUID(), inflates: false }));
  await isFollowing;
}
