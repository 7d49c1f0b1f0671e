import { once } from 'node:events';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseEncoding } from '../src/accepted-encoding.ts';
import { createCompressedFiles } from '../src/compressed-files.ts';
import { createStaticFiles } from '../src/static-files.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const SCRIPT = '/assets/index-B9xQ2_aZ.js';
const CODE = 'run(); '.repeat(1000);

let directory: TemporaryDirectory;
let server: Server;

beforeEach(async () => {
  directory = makeTemporaryDirectory();
  mkdirSync(join(directory.path, 'assets'));
  put(SCRIPT, CODE);
  const serve = createStaticFiles(directory.path);
  server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
  directory.remove();
});

test('[SV16] a file of text goes by the best encoding that is asked for, and says which', async () => {
  for (const [accepted, encoding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['deflate', undefined],
    [undefined, undefined],
  ] as const) {
    const { status, headers, body } = await get(SCRIPT, accepted);
    expect(status).toBe(200);
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers.vary).toBe('accept-encoding');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-length']).toBe(String(body.length));
    expect(decode(body, encoding)).toBe(CODE);
    if (encoding !== undefined) expect(body.length).toBeLessThan(CODE.length / 10);
  }
});

test('[SV16] HEAD says of it what GET would', async () => {
  const { headers, body } = await get(SCRIPT, 'br', { method: 'HEAD' });
  const { date: _, ...rest } = (await get(SCRIPT, 'br')).headers;
  expect(headers).toMatchObject(rest);
  expect(body.length).toBe(0);
});

test('[SV16] each encoding has a tag of its own, by which it is not sent again', async () => {
  const tags = new Set<string>();
  for (const accepted of ['br', 'gzip', 'identity']) {
    const { headers } = await get(SCRIPT, accepted);
    const tag = headers.etag ?? '';
    tags.add(tag);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await get(SCRIPT, accepted, { headers: { 'if-none-match': known } });
      expect([again.status, again.headers.etag, again.headers.vary, again.body.length], known).toEqual([
        304,
        tag,
        'accept-encoding',
        0,
      ]);
    }
    expect((await get(SCRIPT, accepted, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  }
  expect(tags.size).toBe(3);
});

test('[SV16] what is small, or compressed in itself, goes as it is', async () => {
  put('/index.html', '<title>small</title>');
  put('/photo.webp', CODE);
  put('/favicon.ico', CODE);
  for (const [path, type] of [
    ['/', 'text/html; charset=utf-8'],
    ['/photo.webp', 'image/webp'],
    ['/favicon.ico', 'image/x-icon'],
  ] as const) {
    const { headers } = await get(path, 'br');
    expect([headers['content-encoding'], headers.vary, headers['content-type']]).toEqual([undefined, undefined, type]);
  }
});

test('[SV16] a file that was written anew is compressed anew', async () => {
  put('/index.html', CODE);
  const before = await get('/', 'br');
  put('/index.html', CODE.replaceAll('run', 'end'));
  utimesSync(join(directory.path, 'index.html'), 1, 1);
  const after = await get('/', 'br', { headers: { 'if-none-match': before.headers.etag ?? '' } });
  expect(decode(after.body, 'br')).toBe(CODE.replaceAll('run', 'end'));
});

test('[SV16] an encoding that is not wanted is not sent', () => {
  expect(chooseEncoding('br;q=0, gzip')).toBe('gzip');
  expect(chooseEncoding('GZIP;q=0.5')).toBe('gzip');
  expect(chooseEncoding('*')).toBe('br');
  expect(chooseEncoding('br;q=0, *;q=0.1')).toBe('gzip');
  expect(chooseEncoding('gzip; q=0 , br;q=nonsense')).toBeUndefined();
  expect(chooseEncoding('')).toBeUndefined();
});

test('[SV16] a file is compressed once for all who ask, and what was kept for longest goes first', async () => {
  const path = join(directory.path, SCRIPT);
  put('/other.js', CODE);
  const files = createCompressedFiles(100);
  const read = () => files.read(path, '1', 'br');
  const [one, other] = await Promise.all([read(), read()]);
  expect(one).toBe(other);
  expect(await read()).toBe(one);
  // Two take more than is kept.
  await files.read(join(directory.path, 'other.js'), '1', 'br');
  await files.read(join(directory.path, 'other.js'), '1', 'gzip');
  expect(await read()).not.toBe(one);
});

test('[SV16] a file that cannot be read is tried again', async () => {
  const files = createCompressedFiles();
  const path = join(directory.path, 'late.js');
  await expect(files.read(path, '1', 'gzip')).rejects.toThrow('ENOENT');
  put('/late.js', CODE);
  expect(decode(await files.read(path, '1', 'gzip'), 'gzip')).toBe(CODE);
  rmSync(path);
});

function put(path: string, text: string): void {
  writeFileSync(join(directory.path, path), text);
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  /** As it came: fetch would decompress it. */
  readonly body: Buffer;
}

async function get(
  path: string,
  accepted: string | undefined,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const all = { ...headers, ...(accepted === undefined ? {} : { 'accept-encoding': accepted }) };
  const asked = request({ host: '127.0.0.1', port, path, method, headers: all, agent: false }).end();
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

function decode(body: Buffer, encoding: 'br' | 'gzip' | undefined): string {
  if (encoding === undefined) return body.toString();
  return (encoding === 'br' ? brotliDecompressSync(body) : gunzipSync(body)).toString();
}
