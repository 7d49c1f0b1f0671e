import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that nobody listens to now, for what has to be told one before it listens. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
