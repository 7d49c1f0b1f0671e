/* The server as it is deployed: SQLite on disk, an ack after the commit. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@breakwater/server';
import { serve } from '../child.ts';
import type { ServerApi } from './peer.ts';

serve<ServerApi>({
  async listen(origin) {
    const server = await createServer({
      dataDir: mkdtempSync(join(tmpdir(), 'breakwater-bench-')),
      // All clients of a benchmark have one address.
      connections: { maxPerAddress: 2_000 },
      ...(origin === undefined ? {} : { allowedOrigins: [origin] }),
    });
    return (await server.listen({ host: '127.0.0.1', port: 0 })).port;
  },
});
