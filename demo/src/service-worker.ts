/*
 * Keeps the files of the built page: with it the page opens without a server. The data needs none of this; it is in the
 * devices' databases.
 */

/** Put in by the build: every file of the page, and a name for this very set of them. */
declare const FILES: readonly string[];
declare const VERSION: string;

/** As much of a service worker as this one uses. */
interface Worker {
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  readonly clients: { claim(): Promise<void> };
}

interface Lasting {
  waitUntil(done: Promise<unknown>): void;
}

interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Worker;
const NAME = `fieldnotes-${VERSION}`;

// A new version waits until no page of the old one is open: that may still want files which only the old one has.
worker.addEventListener('install', (event) => event.waitUntil(keepFiles()));
worker.addEventListener('activate', (event) => event.waitUntil(dropOthers()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((path) => new URL(path, location.href).href));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith('fieldnotes-') && name !== NAME).map((name) => caches.delete(name)),
  );
  await worker.clients.claim();
}

/** The server's, so that a new version shows at once; the kept one where there is no server. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(new URL('./', location.href).href);
    if (kept === undefined) throw error;
    return kept;
  }
}

async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
