import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Answers a GET or HEAD request with a file. False: there is no such file, and nothing was answered. */
export type ServeFile = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const CONTENT_TYPES = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.ico', 'image/x-icon'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.map', 'application/json; charset=utf-8'],
  ['.mjs', 'text/javascript; charset=utf-8'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.wasm', 'application/wasm'],
  ['.webmanifest', 'application/manifest+json'],
  ['.webp', 'image/webp'],
  ['.woff2', 'font/woff2'],
]);

/** What Vite names after its content, for example `/assets/index-B9xQ2_aZ.js`: its name never means anything else. */
const HASHED = /^\/assets\/.*-[\w-]{8}\.\w+$/;

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly tag: string;
}

export function createStaticFiles(directory: string): ServeFile {
  return async (request, response) => {
    const path = requestedPath(request.url ?? '/');
    const file = path === undefined ? undefined : await findFile(directory, path);
    if (path === undefined || file === undefined) return false;
    const headers = headersOf(path, file);
    if (request.headers['if-none-match'] === file.tag) {
      response.writeHead(304, headers).end();
      return true;
    }
    response.writeHead(200, { ...headers, 'content-length': file.size });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(file.path, { end: Math.max(0, file.size - 1) }), response);
    return true;
  };
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
    return { path: real, size: found.size, tag: `"${found.size.toString(36)}-${found.mtimeMs.toString(36)}"` };
  } catch {
    return undefined;
  }
}

function headersOf(path: string, file: FoundFile): Record<string, string> {
  return {
    'content-type': CONTENT_TYPES.get(extname(file.path).toLowerCase()) ?? 'application/octet-stream',
    'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    etag: file.tag,
  };
}
