import { createClock, encodeState, type Json, NO_STAMP, type State, toPath } from '@breakwater/crdt';
import { type DownMessage, down, type Row, type RowGroup, type RowResult } from '@breakwater/protocol';
import type { Authorize } from '../src/authorize.ts';
import { type CollectionNames, collectionFilter } from '../src/collection-names.ts';
import { createDefinitions } from '../src/definitions.ts';
import { createHub, type Hub, type HubOptions, type Member } from '../src/hub.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/limits.ts';
import { type AuthorizeRoom, defaultAuthorizeRoom } from '../src/rooms/room-permission.ts';
import { createRooms, type Rooms } from '../src/rooms/rooms.ts';
import { type Scheduler, systemScheduler } from '../src/scheduler.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import type { Peer } from '../src/stream.ts';

/** One for all that a test writes: of two clocks either may be the later one within a millisecond. */
export const clock = createClock();

/** A document's fields as a state, all written now. */
export function stateOf(fields: { readonly [name: string]: Json }, partial = false): State {
  const stamp = clock.next();
  const registers = new Map(Object.entries(fields).map(([name, value]) => [toPath([name]), { stamp, value }]));
  return { generation: NO_STAMP, registers, partial };
}

export function rowOf(id: string, fields: { readonly [name: string]: Json }, change: Partial<Row> = {}): Row {
  return { id, seq: 0, deleted: false, bytes: encodeState(stateOf(fields)), ...change };
}

/** A delta on top of the row as it was at `base`. */
export function deltaOf(id: string, fields: { readonly [name: string]: Json }, base: number): Row {
  return rowOf(id, fields, { base, bytes: encodeState(stateOf(fields, true)) });
}

export function notes(...rows: Row[]): RowGroup {
  return { collection: 'notes', rows };
}

export function tasks(...rows: Row[]): RowGroup {
  return { collection: 'tasks', rows };
}

/** A session as the hub sees it: keeps what it was sent, is full when the test says so. */
export interface TestPeer {
  /** As the hub knows it. */
  readonly peer: Peer;
  readonly member: Member;
  readonly heard: DownMessage[];
  /** Why the hub ended the session. */
  readonly ended: string[];
  full: boolean;
  /** Full as well once it has heard so many messages. */
  fullAfter: number;
  /** Called after each message. */
  onHeard: () => void;
  /** Pushes and answers what came of it, in its place among all it heard. */
  push(...groups: RowGroup[]): Promise<DownMessage | undefined>;
  /** The same as a batch. */
  pushAtomic(...groups: RowGroup[]): Promise<DownMessage | undefined>;
  get(id: string, collection?: string): DownMessage | undefined;
  pull(checkpoint?: number, maxRows?: number, collection?: string): DownMessage | undefined;
}

export interface HubWorld {
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly store: Store;
  readonly logged: string[];
  join(tenant?: string, labels?: readonly string[], user?: string, replica?: string): TestPeer;
}

export interface HubWorldOptions extends Pick<HubOptions, 'blobs' | 'labelsOf' | 'maxTenantBlobBytes'> {
  readonly store?: Store;
  readonly collections?: CollectionNames;
  readonly limits?: Partial<Limits>;
  readonly authorize?: Authorize;
  readonly authorizeRoom?: AuthorizeRoom;
  readonly scheduler?: Scheduler;
}

export function createHubWorld({
  store = openSqliteStore(':memory:'),
  collections,
  limits,
  authorizeRoom,
  ...others
}: HubWorldOptions = {}): HubWorld {
  const logged: string[] = [];
  const shared = {
    store,
    isCollection: collectionFilter(collections),
    definitions: createDefinitions(collections),
    limits: { ...DEFAULT_LIMITS, ...limits },
    log: (line: string) => logged.push(line),
  };
  const hub = createHub({
    ...shared,
    onPushed: (tenant, rows) => rooms.hear(tenant, rows),
    isForeign: (peer, key, state) => rooms.isForeign(peer.tenant, key, state, peer),
    foldRooms: (tenant, keys) => rooms.fold(tenant, keys),
    ...others,
  });
  const rooms: Rooms = createRooms({
    ...shared,
    authorizeRoom: authorizeRoom ?? defaultAuthorizeRoom(others.authorize),
    labelsOf: others.labelsOf,
    asksAgain: authorizeRoom !== undefined || others.authorize !== undefined,
    scheduler: others.scheduler ?? systemScheduler(),
    announce: hub.announce,
  });
  const join: HubWorld['join'] = (tenant = 'acme', labels = [tenant], user = 'anna', replica = '') => {
    return joinHub(hub, { tenant, labels, user, replica });
  };
  return { hub, rooms, store, logged, join };
}

function joinHub(hub: Hub, identity: Pick<Peer, 'tenant' | 'labels' | 'user' | 'replica'>): TestPeer {
  const heard: DownMessage[] = [];
  const ended: string[] = [];
  const asPeer: Peer = {
    ...identity,
    send(frame) {
      const message = down.decode(frame);
      if (message === undefined) return;
      heard.push(message);
      peer.onHeard();
    },
    end: (reason) => ended.push(reason),
    isFull: () => peer.full || heard.length >= peer.fullAfter,
  };
  const member = hub.join(asPeer);
  let request = 0;
  const answer = () => heard.find((message) => 'request' in message && message.request === request);
  const peer: TestPeer = {
    peer: asPeer,
    member,
    heard,
    ended,
    full: false,
    onHeard: () => {},
    fullAfter: Number.POSITIVE_INFINITY,
    push: (...groups) => push(groups, false),
    pushAtomic: (...groups) => push(groups, true),
    get(id, collection = 'notes') {
      request += 1;
      void member.get({ type: 'get', request, collection, id });
      return answer();
    },
    pull(checkpoint = 0, maxRows = 1_000, collection = 'notes') {
      request += 1;
      member.pull({ type: 'pull', request, collection, checkpoint, maxRows });
      return answer();
    },
  };
  return peer;

  async function push(groups: readonly RowGroup[], atomic: boolean): Promise<DownMessage | undefined> {
    request += 1;
    const asked = request;
    await member.push({ type: 'push', request: asked, atomic, groups });
    return heard.find((message) => 'request' in message && message.request === asked);
  }
}

/** What a push answered for each of its rows. */
export function resultsOf(message: DownMessage | undefined): RowResult[] {
  if (message?.type !== 'ack') throw new Error(`no ack but ${JSON.stringify(message)}`);
  return message.groups.flatMap(({ results }) => results);
}
