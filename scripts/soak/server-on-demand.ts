/*
 * A server in a process of its own, on a data directory. It opens its data at once, and listens when it is told on which
 * port: so it is there at an exact moment, however long a process takes to start. It tells how much memory it holds.
 */
import process from 'node:process';
import { createServer } from '@breakwater/server';

/** A port to listen on, or how much memory it holds, in bytes. */
export type Asked = number | 'memory';

const server = await createServer({ dataDir: process.argv[2] ?? '', log: () => {} });
process.on('message', (asked: Asked) => {
  if (asked === 'memory') process.send?.(heldBytes());
  else void server.listen({ host: '127.0.0.1', port: asked }).then(({ port }) => process.send?.(port));
});
// Whoever drives it has gone.
process.on('disconnect', () => process.exit());
process.send?.('ready');

/** Without what is garbage by now: that depends on when it was last collected. */
function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
