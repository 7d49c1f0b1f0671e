/*
 * A server in a process of its own, on a data directory. It opens its data at once, and listens when it is told on which
 * port: so it is there at an exact moment, however long a process takes to start.
 */
import process from 'node:process';
import { createServer } from '@breakwater/server';

const server = await createServer({ dataDir: process.argv[2] ?? '', log: () => {} });
process.on('message', (port: number) => {
  void server.listen({ host: '127.0.0.1', port }).then((address) => process.send?.(address.port));
});
// Whoever drives it has gone.
process.on('disconnect', () => process.exit());
process.send?.('ready');
