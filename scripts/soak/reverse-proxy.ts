import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { WebSocket } from 'ws';
import { signToken } from '../../server/test/attacks/target.ts';
import { startCli } from '../../server/test/server-process.ts';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import type { Part, Tally } from './part.ts';

const GUIDE = new URL('../../docs/reverse-proxy.md', import.meta.url);
const SECRET = 'a secret of more than thirty-two bytes';
const PREFIX = '/breakwater';
const ROWS = 10_000;
const ATTACHMENT_BYTES = 5 * 2 ** 20;
const WITHIN_MS = 60_000;

const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 40 }, title: { type: 'string' } },
      required: ['title'],
      attachments: {},
    },
  },
});

/** The configuration of docs/reverse-proxy.md, on a real nginx: two devices sync through it, with TLS and a path prefix. */
export const reverseProxy: Part = {
  runs: 1,
  async play({ rest }) {
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const nginx = findNginx();
    if (nginx === undefined) return { counts: { skipped: 1 }, failures: [] } satisfies Tally;
    const directory = makeTemporaryDirectory();
    try {
      return await playBehind(nginx, directory.path);
    } finally {
      directory.remove();
    }
  },
  summarize: (count) =>
    count('skipped') === '1'
      ? 'the reverse proxy was skipped: there is no nginx here'
      : `two devices behind nginx with TLS and a path prefix: ${count('rows')} documents and ${count('attachmentMb')} MiB there after ${count('ms')} ms, idle for ${count('idleS')} s on one connection`,
};

function findNginx(): string | undefined {
  for (const path of ['/usr/sbin/nginx', 'nginx']) {
    try {
      execFileSync(path, ['-v'], { stdio: 'ignore' });
      return path;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}

async function playBehind(nginx: string, path: string): Promise<Tally> {
  const failures: string[] = [];
  const server = await startCli({
    cwd: path,
    env: {
      BREAKWATER_DATA: join(path, 'data'),
      BREAKWATER_JWT_SECRET: SECRET,
      BREAKWATER_PATH_PREFIX: PREFIX,
      BREAKWATER_TRUSTED_PROXIES: '127.0.0.1',
      BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS: '2',
      BREAKWATER_LOG: 'json',
    },
  });
  const port = await freePort();
  const proxy = startNginx(nginx, path, { port, serverPort: server.port });
  try {
    const figures = await syncThrough(port, readFileSync(join(path, 'cert.pem')), failures);
    return { counts: figures, failures };
  } finally {
    proxy.kill('SIGQUIT');
    const { stderr } = await server.kill('SIGTERM');
    // One that came from elsewhere, with a header of its own invention.
    if (!stderr.includes('"address":"127.0.0.2"'))
      failures.push(`the server did not see the client's address: ${stderr}`);
  }
}

function startNginx(nginx: string, path: string, ports: { port: number; serverPort: number }): ChildProcess {
  const [key, cert, config] = ['key.pem', 'cert.pem', 'nginx.conf'].map((name) => join(path, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${path}/${name};`,
  );
  const text = (/```nginx\n(.*?)```/s.exec(readFileSync(GUIDE, 'utf8'))?.[1] ?? '')
    .replace('listen 443 ssl', `listen 127.0.0.1:${ports.port} ssl`)
    .replace('app.example.com;', 'localhost;')
    .replace('/etc/ssl/app.example.com.pem', cert)
    .replace('/etc/ssl/app.example.com.key', key)
    .replace('http://127.0.0.1:8080', `http://127.0.0.1:${ports.serverPort}`)
    .replace('http {', `http {\n  access_log off;\n  ${places.join('\n  ')}`);
  writeFileSync(config, `daemon off;\npid ${path}/nginx.pid;\nerror_log ${path}/error.log;\n${text}`);
  return spawn(nginx, ['-c', config, '-p', path], { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function syncThrough(port: number, ca: Buffer, failures: string[]) {
  const base = `wss://localhost:${port}${PREFIX}`;
  const from = { ca, perMessageDeflate: false, origin: `https://localhost:${port}` };
  let sockets = 0;
  const open = async (name: string) => {
    const database = await createDatabase({ name, storage: getRxStorageMemory(), collections, multiInstance: false });
    const sync = replicate(database, {
      url: `${base}/sync`,
      token: () => signToken(SECRET, { tenant: 'harbour', sub: name }),
      webSocket(url) {
        sockets += 1;
        return new WebSocket(url, from);
      },
    });
    return { database, sync };
  };
  const start = performance.now();
  const [writer, reader] = [await open('writer'), await open('reader')];
  await writer.database.notes.bulkInsert(Array.from({ length: ROWS }, (_, i) => ({ id: `n${i}`, title: `note ${i}` })));
  const bytes = new Blob([Buffer.alloc(ATTACHMENT_BYTES, 7)]);
  const first = await writer.database.notes.findOne('n0').exec(true);
  await first.putAttachment({ id: 'large', data: bytes, type: 'application/octet-stream' });
  const rows = await until(async () => {
    const count = await reader.database.notes.count().exec();
    return count === ROWS ? count : undefined;
  });
  if (rows !== ROWS) failures.push('not all documents came through the proxy in time');
  const data = await until(async () => {
    const attachment = (await reader.database.notes.findOne('n0').exec())?.getAttachment('large');
    return await attachment?.getData().catch(() => undefined);
  });
  if (data?.size !== ATTACHMENT_BYTES) failures.push('the attachment did not come through the proxy in time');
  const ms = Math.round(performance.now() - start);

  const idleS = 65;
  const before = sockets;
  await pass(idleS * 1000);
  if (sockets !== before || sockets !== 2) failures.push(`there were ${sockets} connections, not 2: one was cut`);

  await overfill(`${base}/sync`, from, failures);
  await Promise.all([writer, reader].map(({ database }) => database.close()));
  return { rows: rows ?? 0, attachmentMb: (data?.size ?? 0) / 2 ** 20, ms, idleS };
}

/** The third connection from one address is one too many, whatever it says in X-Forwarded-For. */
async function overfill(url: string, from: object, failures: string[]): Promise<void> {
  const knock = (i: number) =>
    new Promise<number>((resolve) => {
      const headers = { 'x-forwarded-for': `192.0.2.${i}` };
      const socket = new WebSocket(url, { ...from, localAddress: '127.0.0.2', family: 4, headers });
      socket.on('error', () => resolve(0));
      socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
      socket.once('open', () => resolve(101));
    });
  const statuses = [await knock(1), await knock(2), await knock(3)];
  if (statuses.join() !== '101,101,429') failures.push(`three connections of one address were answered ${statuses}`);
}

/** Undefined: not in time. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > end) return found;
    await pass(50);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
