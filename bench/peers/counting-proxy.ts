/* Passes bytes on and counts them, with all that TCP carries: handshakes, headers of frames, masks. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { serve } from '../child.ts';
import type { ProxyApi } from './proxy.ts';

let up = 0;
let down = 0;

serve<ProxyApi>({
  listen(port) {
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      client.on('data', (bytes) => {
        up += bytes.length;
      });
      upstream.on('data', (bytes) => {
        down += bytes.length;
      });
      join(client, upstream);
      join(upstream, client);
    });
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  },

  async counted() {
    const counts = { up, down };
    [up, down] = [0, 0];
    return counts;
  },
});

function join(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}
