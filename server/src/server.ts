import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { JsonObject } from '@breakwater/crdt';
import { CloseCode, formatRetryAfter } from '@breakwater/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { createAdmission, type HttpRefusal, RETRY_AFTER_S } from './admission.ts';
import { attachTo } from './attach.ts';
import { completeBlobOptions } from './blobs/blob-options.ts';
import { startSweeping } from './blobs/sweep-blobs.ts';
import { chooseAuthenticate, needsTokens, requireLoopback } from './choose-authenticate.ts';
import { createClientAddresses } from './client-address.ts';
import { collectionFilter } from './collection-names.ts';
import { completeConnectionOptions } from './connection-caps.ts';
import { createDeadline } from './deadline.ts';
import { createDefinitions } from './definitions.ts';
import { createHooks, type SessionInfo } from './hooks.ts';
import { createHttpHandler } from './http.ts';
import { createHub } from './hub.ts';
import { admitEveryone, identify, toWireExpiry } from './identity.ts';
import { createJsonLog } from './json-log.ts';
import { limitBytes } from './limit-bytes.ts';
import { completeLimits } from './limits.ts';
import { type ListenAddress, type ListenOptions, listenOn, portOf } from './listen.ts';
import { failuresOf } from './log.ts';
import { noMeter } from './meter.ts';
import { listenForMetrics, type MetricsListener } from './metrics-listener.ts';
import { createOffences } from './offences.ts';
import { isOriginAllowed } from './origin.ts';
import { createPathPrefix } from './path-prefix.ts';
import { createPrometheusMeter } from './prometheus-meter.ts';
import { relabelAll } from './relabel.ts';
import { reportRefusals } from './report-refusals.ts';
import { isRoomPath, parseRoomPath } from './rooms/room-address.ts';
import { defaultAuthorizeRoom } from './rooms/room-permission.ts';
import { startRoomSocket } from './rooms/room-socket.ts';
import { createRooms, type Rooms } from './rooms/rooms.ts';
import { systemScheduler } from './scheduler.ts';
import { createServerCollections, type ServerCollection } from './server-collection.ts';
import type { ServerOptions } from './server-options.ts';
import {
  CLOSE_GRACE_MS,
  fitReason,
  MAX_BYTES_BEFORE_LIVE,
  type Session,
  startSession,
  type WireSession,
} from './session.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { DEFAULT_SHRINK_AFTER_DAYS, purgeTombstones, requireShrinkAfterDays, startShrinking } from './tombstones.ts';

export interface BreakwaterServer {
  /** Where it listens; undefined before and after. */
  readonly address: ListenAddress | undefined;
  /** Where it serves its metrics; undefined as `address` is, and when it serves none. */
  readonly metricsAddress: ListenAddress | undefined;
  /** @throws ServerOptionsError when everybody would be let in who reaches it from elsewhere, and `open` is not set. */
  listen(options: ListenOptions): Promise<ListenAddress>;
  /**
   * Takes the websockets of an HTTP server that somebody else has made, at `/sync` and below `/yjs`, beside or instead of
   * listening. Its requests and its other websockets are its own; with nobody else to take them these are answered 404.
   * `close` lets go of it and leaves it open.
   *
   * @throws ServerOptionsError when nobody is asked for a token and `open` is not set: who reaches it is not known here.
   */
  attach(httpServer: Server): void;
  /**
   * A collection as the server itself reads and writes it, of the tenant `default` if none is named.
   *
   * @throws ServerOptionsError when `collections` has no definition of it.
   */
  collection<D extends object = JsonObject>(name: string, tenant?: string): ServerCollection<D>;
  /**
   * Drops the tombstones whose last commit is longer ago than this, which is at least a day; answers how many there were.
   * Clients that have not connected since then read everything anew.
   *
   * @throws RangeError, StorageError
   */
  purgeTombstones(options: { readonly olderThanMs: number }): Promise<number>;
  /**
   * Asks `labelsOf` about every row once more: for a program that has changed it. Rows whose labels are others are told of and
   * revoked as if they had been written; answers how many. It takes its time, in small steps, and may be called again when it
   * was interrupted.
   *
   * @throws StorageError, LabelsError when the hook rejects or does not answer
   */
  relabel(): Promise<number>;
  /** Tells every client when to come back, ends what was begun, closes the store; by `closeWithinMs` it is over. */
  close(): Promise<void>;
}

const SYNC_PATH = '/sync';

/** Of `closeWithinMs`: what starts services waits longer before it kills. */
const CLOSE_WITHIN_MS = 10_000;

/** For headers and the handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** For HTTP: who neither says nor reads anything for so long is gone, in milliseconds. */
const STILL_TIMEOUT_MS = 60_000;

/** How often connections are looked at for that timeout, in milliseconds. */
const TIMEOUT_CHECK_MS = 2_000;

/**
 * Bytes of a socket before its session is live. The session counts whole frames and says goodbye; this ends a client that
 * sends the parts of a frame that is never complete.
 */
const MAX_RAW_BYTES_BEFORE_LIVE = 2 * MAX_BYTES_BEFORE_LIVE;

/**
 * Pieces, as they come from the network, of a message that is not complete. To put 200,000 pieces together takes half a
 * minute, in which nobody else is answered. So many take some milliseconds, and are more than a network makes of the
 * largest message.
 */
const MAX_PIECES = 16_384;

/**
 * A share of the time in which lost clients come back, in milliseconds: one after the other, 8 ms apart on average. Much
 * less, and most of a thousand clients come while a server that restarts in 3 s is still away, and have to come again.
 */
const SPREAD_PER_SESSION_MS = 8;
const MIN_SPREAD_MS = 250;
const MAX_SPREAD_MS = 8_000;

/** @throws ServerOptionsError, RangeError, DefinitionError, DataDirectoryLockedError, DataDirectoryError */
export async function createServer(options: ServerOptions = {}): Promise<BreakwaterServer> {
  const { now = Date.now, log = createJsonLog() } = options;
  const chosen = chooseAuthenticate(options, now);
  const authenticate = reportRefusals(chosen, log);
  const limits = completeLimits(options.limits);
  const caps = completeConnectionOptions(options.connections);
  const prefix = createPathPrefix(options.pathPrefix);
  const addresses = createClientAddresses(options.trustedProxies);
  const shrinkAfterDays = requireShrinkAfterDays(options.tombstones?.shrinkAfterDays ?? DEFAULT_SHRINK_AFTER_DAYS);
  const { keepUnusedHours, maxTenantBytes, blobs } = completeBlobOptions(options);
  const definitions = createDefinitions(options.collections);
  const store = options.store ?? openSqliteStore(options.dataDir ?? './data', { now });
  const scheduler = systemScheduler(now);
  const prometheus =
    options.metrics &&
    createPrometheusMeter({
      sessions: () => sessions.size,
      rooms: () => rooms.size,
      isWritable: () => store.fault?.() === undefined,
    });
  const meter = prometheus ?? noMeter;
  const hooks = createHooks(options, failuresOf('hooks', log));
  const offences = createOffences({ log, meter, now });
  const admission = createAdmission({ caps, addresses, offences, isAnonymous: chosen === admitEveryone });
  const hub = createHub({
    store,
    isCollection: collectionFilter(options.collections),
    definitions,
    authorize: options.authorize,
    labelsOf: options.labelsOf,
    limits,
    blobs,
    maxTenantBlobBytes: maxTenantBytes,
    meter,
    log: failuresOf('hub', log),
    now,
    scheduler,
    onCommitted: hooks.committed,
    onPushed: (tenant, rows) => rooms.hear(tenant, rows),
    isForeign: (peer, key, state) => rooms.isForeign(peer.tenant, key, state, peer),
    foldRooms: (tenant, keys) => rooms.fold(tenant, keys),
  });
  const rooms: Rooms = createRooms({
    store,
    isCollection: collectionFilter(options.collections),
    definitions,
    authorizeRoom: options.authorizeRoom ?? defaultAuthorizeRoom(options.authorize),
    labelsOf: options.labelsOf,
    asksAgain: options.authorizeRoom !== undefined || options.authorize !== undefined,
    limits,
    scheduler,
    announce: hub.announce,
    log: failuresOf('rooms', log),
  });
  void rooms.foldLeftovers();
  const openCollection = createServerCollections({ store, hub, definitions, now });
  const respond = createHttpHandler({ staticDir: options.staticDir, unreadiness, log: failuresOf('http', log) });
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.maxMessageBytes,
    maxBufferedChunks: MAX_PIECES,
    perMessageDeflate: false,
    // Pings are counted, and answered where there is room.
    autoPong: false,
  });
  const stopShrinking = startShrinking({ store, scheduler, shrinkAfterDays, log: failuresOf('tombstones', log) });
  const stopSweeping =
    blobs && startSweeping({ store, blobs, scheduler, keepUnusedHours, log: failuresOf('blobs', log) });
  const sessions = new Set<Session>();
  /** Of websockets, from the request on. */
  const sockets = new Set<Duplex>();
  let lastSession = 0;
  let listeners: Server[] = [];
  const detachments = new Set<() => void>();
  let address: ListenAddress | undefined;
  let metrics: MetricsListener | undefined;
  let closing: Promise<void> | undefined;

  return {
    get address() {
      return address;
    },
    get metricsAddress() {
      return metrics?.address;
    },
    async listen({ host, port }) {
      if (closing !== undefined || address !== undefined) throw new Error('a server listens once');
      if (chosen === admitEveryone && options.open !== true) requireLoopback(host);
      if (prometheus !== undefined && options.metrics !== undefined) {
        metrics ??= await listenForMetrics(prometheus, options.metrics);
      }
      listeners = await listenOn(createListener, { host, port });
      // Without a listener an accept that fails, for want of file descriptors, would end the process.
      for (const listener of [...listeners, ...(metrics?.listeners ?? [])])
        listener.on('error', (error) => log('error', `Listening failed: ${error.message}`));
      address = { host, port: portOf(listeners[0]) ?? port };
      return address;
    },
    attach(httpServer) {
      if (closing !== undefined) throw new Error('the server is closed');
      if (chosen === admitEveryone && options.open !== true) throw needsTokens('at an HTTP server of your own');
      detachments.add(attachTo(httpServer, { isOurs: (request) => isOurs(pathOf(request)), upgrade, refuse }));
    },
    collection: <D extends object>(name: string, tenant = 'default') =>
      openCollection(name, tenant) as unknown as ServerCollection<D>,
    purgeTombstones: ({ olderThanMs }) => purgeTombstones(store, olderThanMs, now()),
    relabel: () => relabelAll({ store, relabel: hub.relabel }),
    close: () => (closing ??= close()),
  };

  function unreadiness(): string | undefined {
    return closing === undefined ? store.fault?.()?.message : 'the server is stopping';
  }

  function createListener(): Server {
    const timeouts = {
      headersTimeout: HANDSHAKE_TIMEOUT_MS,
      requestTimeout: HANDSHAKE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    };
    const listener = createHttpServer(timeouts, (request: IncomingMessage, response: ServerResponse) => {
      void answer(request, response);
    });
    admission.watch(listener);
    // Of files that nobody reads on; a websocket has no such timeout.
    return listener.setTimeout(STILL_TIMEOUT_MS).on('upgrade', upgrade);
  }

  function answer(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const { url = '' } = request;
    if (prefix.isBare(url)) return void response.writeHead(308, { location: `${pathOf(request)}/` }).end();
    // What is not below the prefix is not here: no file has this name.
    request.url = prefix.strip(url) ?? '/\0';
    return respond(request, response);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    keep(socket);
    if (closing !== undefined) return refuse(socket, '503 Service Unavailable');
    request.url = prefix.strip(request.url ?? '') ?? '';
    const path = pathOf(request);
    if (!isOurs(path)) return refuse(socket, '404 Not Found');
    if (!isOriginAllowed(request, options.allowedOrigins)) {
      offences.report('origin', { address: admission.addressOf(request), origin: String(request.headers.origin) });
      return refuse(socket, '403 Forbidden');
    }
    const refusal = admission.enter(request, socket);
    if (refusal !== undefined) return refuse(socket, refusal);
    if (path !== SYNC_PATH) return void upgradeToRoom(request, socket, head);
    websockets.handleUpgrade(request, socket, head, (websocket) =>
      admit(websocket, request.socket, admission.addressOf(request)),
    );
  }

  /** Apart from `upgrade`: a listener there would keep the request with all its headers as long as the socket is open. */
  function keep(socket: Duplex): void {
    // A socket that breaks during the handshake is nobody's yet.
    socket.on('error', () => socket.destroy());
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  /** Who it is must be known before the first frame is read: that is the beginning of the conversation already. */
  async function upgradeToRoom(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const cancelDeadline = scheduler.after(HANDSHAKE_TIMEOUT_MS, () => socket.destroy());
    const answer = await identify(authenticate, tokenOf(request), failuresOf('sessions', log));
    cancelDeadline();
    if (closing !== undefined) return refuse(socket, '503 Service Unavailable');
    if (socket.destroyed) return;
    websockets.handleUpgrade(request, socket, head, (websocket) => {
      if (socket instanceof Socket) meter.connected(socket);
      // Not by the status of the handshake: y-websocket would not see it, and come back for ever.
      if ('refusal' in answer) return closeAtOnce(websocket, CloseCode.unauthenticated, answer.refusal);
      const address = parseRoomPath(pathOf(request));
      if (address === undefined) return closeAtOnce(websocket, CloseCode.notFound, 'there is no such room');
      const { tenant, user } = answer.identity;
      const client = { address: admission.addressOf(request), tenant, user };
      const leave = admission.enterUser(answer.identity);
      if (leave === undefined) {
        offences.report('connections-of-user', client);
        return closeAtOnce(websocket, CloseCode.tryAgainLater, formatRetryAfter(RETRY_AFTER_S * 1000));
      }
      const session = startRoomSocket({
        socket: websocket,
        rooms,
        identity: answer.identity,
        address,
        limits,
        scheduler,
        offended: (offence) => offences.report(offence, client),
        onClosed() {
          leave();
          sessions.delete(session);
        },
      });
      sessions.add(session);
      follow(websocket, session, { path: pathOf(request), ...answer.identity });
    });
  }

  function closeAtOnce(websocket: WebSocket, code: number, reason: string): void {
    websocket.on('error', () => {});
    const cancelGrace = scheduler.after(CLOSE_GRACE_MS, () => websocket.terminate());
    websocket.on('close', cancelGrace);
    websocket.close(code, fitReason(reason));
  }

  function admit(websocket: WebSocket, socket: Socket, address: string): void {
    meter.connected(socket);
    const stopCounting = limitBytes(socket, MAX_RAW_BYTES_BEFORE_LIVE, () => session.tooMuchBeforeLive());
    const session: WireSession = startSession({
      socket: websocket,
      hub,
      rooms,
      authenticate,
      welcome: ({ tenant, user, labels, expiresAt }, version) => {
        follow(websocket, session, { path: SYNC_PATH, tenant, user, labels });
        return {
          type: 'connected',
          version,
          ...store.identity(),
          tenant,
          user,
          labels,
          serverTime: now(),
          expiresAt: toWireExpiry(expiresAt),
          reconnectSpreadMs: spreadMs(),
          limits,
        };
      },
      limits,
      enter: admission.enterUser,
      spreadMs,
      scheduler,
      offended: (offence, who) =>
        offences.report(offence, { address, ...(who && { tenant: who.tenant, user: who.user }) }),
      log: failuresOf('sessions', log),
      onLive: stopCounting,
      onClosed: () => sessions.delete(session),
    });
    sessions.add(session);
  }

  /** The log and the hooks know the beginning and the end of a session by the same number. */
  function follow(websocket: WebSocket, session: Session, who: Omit<SessionInfo, 'id' | 'end'>): void {
    const { path, tenant, user, labels } = who;
    const id = ++lastSession;
    const info: SessionInfo = { id, path, tenant, user, labels, end: session.close };
    const since = now();
    log('debug', 'A session began', { session: id, path, tenant, user });
    hooks.connected(info);
    websocket.on('close', (code) => {
      log('debug', 'A session ended', { session: id, code, durationMs: now() - since });
      hooks.closed(info, code);
    });
  }

  function spreadMs(): number {
    return Math.min(Math.max(sessions.size * SPREAD_PER_SESSION_MS, MIN_SPREAD_MS), MAX_SPREAD_MS);
  }

  async function close(): Promise<void> {
    for (const detach of detachments) detach();
    stopShrinking();
    stopSweeping?.();
    const deadline = createDeadline(scheduler, options.closeWithinMs ?? CLOSE_WITHIN_MS);
    const spread = spreadMs();
    for (const session of [...sessions]) {
      session.close(CloseCode.tryAgainLater, formatRetryAfter(MIN_SPREAD_MS + Math.random() * spread));
    }
    // Until what was typed is in the rows, /ready says why nobody new is taken.
    const isFolded = await deadline.wait(rooms.close());
    const closed = Promise.all(listeners.map(closeListener));
    // Who has not answered the goodbye by then is not waited for.
    void deadline.passed.then(() => {
      for (const socket of sockets) socket.destroy();
    });
    await closed;
    address = undefined;
    const isClosed = await deadline.wait(Promise.all([blobs?.close(), store.close()]));
    deadline.cancel();
    if (!isFolded || !isClosed) {
      const what = isFolded ? 'The store was not closed' : 'Not everything that was typed in rooms is in its row';
      log('error', `${what} when the time to stop was over; the next start sees to it`);
    }
    await Promise.all((metrics?.listeners ?? []).map(closeListener));
    metrics = undefined;
    prometheus?.close();
  }
}

function isOurs(path: string): boolean {
  return path === SYNC_PATH || isRoomPath(path);
}

function closeListener(listener: Server): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve());
    listener.closeAllConnections();
  });
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? '';
}

function tokenOf({ url = '' }: IncomingMessage): string {
  return new URLSearchParams(url.split('?')[1]).get('token') ?? '';
}

function refuse(socket: Duplex, refusal: string | HttpRefusal): void {
  const { status, reason = '' } = typeof refusal === 'string' ? { status: refusal } : refusal;
  const retry = reason === '' ? '' : `Retry-After: ${RETRY_AFTER_S}\r\nContent-Type: text/plain\r\n`;
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\n${retry}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n`;
  socket.end(head + reason);
}
