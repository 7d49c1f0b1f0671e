import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { lookup } from 'mrmime';
import { chooseEncoding, type Encoding } from './accepted-encoding.ts';
import { createCompressedFiles } from './compressed-files.ts';

/** Answers a GET or HEAD request with a file. False: there is no such file, and nothing was answered. */
export type ServeFile = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** What Vite names after its content, for example `/assets/index-B9xQ2_aZ.js`: its name never means anything else. */
const HASHED = /^\/assets\/.*-[\w-]{8}\.\w+$/;

/** Pictures, films and woff2 are compressed in themselves. */
const COMPRESSIBLE = /^text\/|[/+](?:json|xml|javascript|wasm)$|^font\/[ot]tf$/;
/** Bytes. A smaller file fits into a packet or two as it is; a larger one would take too long, and too much memory. */
const COMPRESSED_SIZES = { least: 1024, most: 8 * 1024 * 1024 };

interface FoundFile {
  readonly path: string;
  readonly size: number;
  /** Another one once the file is written again. */
  readonly version: string;
}

export function createStaticFiles(directory: string): ServeFile {
  const compressed = createCompressedFiles();

  return async (request, response) => {
    const path = requestedPath(request.url ?? '/');
    const file = path === undefined ? undefined : await findFile(directory, path);
    if (path === undefined || file === undefined) return false;
    const type = typeOf(file.path);
    const mayCompress = isCompressible(type, file.size);
    const encoding = mayCompress ? chooseEncoding(request.headers['accept-encoding']) : undefined;
    const tag = `"${file.version}${encoding === undefined ? '' : `-${encoding}`}"`;
    const headers = { ...headersOf(path, type, tag), ...(mayCompress ? { vary: 'accept-encoding' } : {}) };
    if (isKnown(tag, request.headers['if-none-match'])) response.writeHead(304, headers).end();
    else if (encoding === undefined) await sendFile(request, response, file, headers);
    else await sendCompressed(request, response, file, encoding, headers);
    return true;
  };

  async function sendCompressed(
    { method }: IncomingMessage,
    response: ServerResponse,
    file: FoundFile,
    encoding: Encoding,
    headers: Headers,
  ): Promise<void> {
    const bytes = await compressed.read(file.path, file.version, encoding);
    response.writeHead(200, { ...headers, 'content-encoding': encoding, 'content-length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  }
}

/** The path with a leading slash, or undefined when it is none that a file here can have. */
function requestedPath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0] ?? '/');
    const segments = path.split('/');
    // No way up, no hidden files, and no separators that only the file system sees.
    const isSafe = segments.every((segment) => !segment.startsWith('.') && !/[\\\0:]/.test(segment));
    if (!path.startsWith('/') || !isSafe) return undefined;
    return path.endsWith('/') ? `${path}index.html` : path;
  } catch {
    return undefined;
  }
}

/** Follows links, but not out of the directory. */
async function findFile(directory: string, path: string): Promise<FoundFile | undefined> {
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root + sep)) return undefined;
    const found = await stat(real);
    if (!found.isFile()) return undefined;
    return { path: real, size: found.size, version: `${found.size.toString(36)}-${found.mtimeMs.toString(36)}` };
  } catch {
    return undefined;
  }
}

function typeOf(path: string): string {
  return lookup(path) ?? (path.toLowerCase().endsWith('.ico') ? 'image/x-icon' : 'application/octet-stream');
}

function isCompressible(type: string, size: number): boolean {
  return COMPRESSIBLE.test(type) && size >= COMPRESSED_SIZES.least && size <= COMPRESSED_SIZES.most;
}

type Headers = Readonly<Record<string, string>>;

function headersOf(path: string, type: string, tag: string): Headers {
  return {
    'content-type': /^text\/|^application\/json$/.test(type) ? `${type}; charset=utf-8` : type,
    'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    etag: tag,
  };
}

/** Has the client this very version? A proxy may have made the tag a weak one. */
function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  return ifNoneMatch?.split(',').some((known) => ['*', tag].includes(known.trim().replace(/^W\//, ''))) ?? false;
}

async function sendFile(
  { method }: IncomingMessage,
  response: ServerResponse,
  { path, size }: FoundFile,
  headers: Headers,
): Promise<void> {
  response.writeHead(200, { ...headers, 'content-length': size });
  if (method === 'HEAD') response.end();
  else await pipeline(createReadStream(path, { end: Math.max(0, size - 1) }), response);
}
