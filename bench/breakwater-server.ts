/* The server as it is deployed: SQLite on disk, an ack after the commit. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@breakwater/server';
import { announce } from './server-process.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
const server = await createServer({ dataDir });
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
announce(port);
