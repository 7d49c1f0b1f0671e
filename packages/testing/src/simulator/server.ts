import { decodeState, encodeState, type State, shrinkTombstone } from '@breakwater/crdt';
import { type Connected, down, PROTOCOL_VERSION, type UpMessage, up } from '@breakwater/protocol';
import { type CommittedRow, DEFAULT_LIMITS, type LabelsOf, type PageQuery, type Store } from '@breakwater/server';
import { createHub, createInbox, type Hub } from '@breakwater/server/hub';
import type { ManualScheduler } from '../manual-scheduler.ts';
import type { Random } from '../random.ts';
import { createCommitTasks } from './commit-tasks.ts';
import { COLLECTIONS, type CollectionName, isForbidden, type Key, keyOf, MAX_ROW_BYTES } from './definitions.ts';
import type { Link } from './link.ts';
import { copyStoreData, createModelStore, createStoreData } from './model-store.ts';
import type { Seams } from './seams.ts';

export const TENANT = 'harbour';
const USER = 'harbourmaster';

/** Small, so that a few rows take several pages. */
const PAGE_ROWS = 2;
/** As many as there are documents: batches that share some must fit into one push, or they may be seen in parts. */
const PUSH_ROWS = 10;
/** Frames unsent, from which on a session is full. */
const FULL_FRAMES = 4;

export interface ModelServerOptions {
  readonly random: Random;
  readonly seams: Seams;
  readonly scheduler: ManualScheduler;
  /** Default: everybody reads everything. */
  readonly labelsOf?: LabelsOf | undefined;
  /** Something was sent, so it must be durable. */
  readonly onSent: (link: Link, frame: Uint8Array) => void;
  readonly onCommitted: (rows: readonly CommittedRow[]) => void;
  readonly onShrunk: (key: Key, state: State) => void;
  readonly onPurged: (key: Key) => void;
}

/** The real hub over a model store, with sessions that end at a {@link Link}. */
export interface ModelServer {
  /** Commits that were asked for and are not settled. */
  readonly commitsWaiting: number;
  headOf(collection: CollectionName): number;
  readonly rows: ReadonlyMap<Key, State>;
  /** The rows of which one of these labels may read. */
  rowsFor(labels: readonly string[]): ReadonlyMap<Key, State>;
  accept(link: Link, labels: readonly string[]): void;
  /** Runs or answers a commit. */
  commitStep(): void;
  /** A frame has left: whoever was full may have room again. */
  drained(link: Link): void;
  /** Some tombstone, however young, becomes its deletion. */
  shrink(): void;
  /** So many tombstones, however young, are dropped. Whoever has not heard of them must not be connected. */
  purge(count: number): void;
  /** The process dies and starts again. Of the commits that were not answered, this many have reached the disk. */
  restart(durable: number): void;
  /** Keeps a copy of what is stored now. */
  backUp(): void;
  /** The next restart finds the copy, under a new epoch. */
  setBack(): void;
}

export function createModelServer(options: ModelServerOptions): ModelServer {
  const { random, seams, scheduler, labelsOf, onSent, onCommitted, onShrunk, onPurged } = options;
  const { now } = scheduler;
  let data = createStoreData();
  /** What a restart finds: the same, unless commits answer early. */
  let durable = data;
  let backup = copyStoreData(data);
  let epoch = 1;
  const commits = createCommitTasks();
  let life = start();
  const drainByLink = new Map<Link, () => void>();

  function start(): { readonly hub: Hub; readonly store: Store } {
    const store = withSmallPages(createModelStore(data, schedule, now, { onCommitted }));
    const isCollection = (name: string) => COLLECTIONS.some((each) => each === name);
    const hub = createHub({
      store,
      isCollection,
      limits: LIMITS,
      labelsOf,
      authorize: ({ after }) => !isForbidden(after?.title),
      now,
      scheduler,
      log: failLoudly,
    });
    return { store, hub };
  }

  function schedule<T>(run: () => T): Promise<T> {
    return seams.answersEarly ? Promise.resolve(runEarly(run)) : commits.add(run);
  }

  function runEarly<T>(run: () => T): T {
    const value = run();
    const snapshot = copyStoreData(data);
    void commits.add(() => {
      durable = snapshot;
    });
    return value;
  }

  /** What needs no turn: nobody waits for it. */
  function storeNow(): Store {
    return createModelStore(data, async (run) => run(), now, {
      onShrunk: ({ collection, id, state }) => onShrunk(keyOf(collection, id), decodeState(state)),
      onPurged: ({ collection, id }) => onPurged(keyOf(collection, id)),
    });
  }

  function accept(link: Link, labels: readonly string[]): void {
    const { hub } = life;
    const send = (frame: Uint8Array) => sendDown(link, frame);
    const isFull = () => seams.saysWhenFull !== false && link.down.length >= FULL_FRAMES;
    const end = () => {
      link.cut();
      link.serverEnd?.lost();
    };
    const member = hub.join({ tenant: TENANT, user: USER, labels, send, isFull, end });
    const inbox = createInbox<UpMessage>({
      handle: (message) => {
        if (message.type === 'pull') return member.pull(message);
        if (message.type === 'get') return member.get(message);
        if (message.type === 'push') return member.push(message);
      },
      pause: () => {},
      resume: () => {},
    });
    drainByLink.set(link, () => isFull() || member.drained());
    link.serverEnd = {
      receive(frame) {
        const message = up.decode(frame);
        if (message !== undefined) inbox.take(message, frame.length);
      },
      lost() {
        link.serverEnd = undefined;
        drainByLink.delete(link);
        inbox.close();
        member.leave();
      },
    };
    send(down.encode(welcome(now(), `epoch ${epoch}`, labels)));
  }

  function sendDown(link: Link, frame: Uint8Array): void {
    const said = seams.say === undefined ? frame : mutate(seams.say, frame, link.down.length);
    if (said === undefined) return;
    onSent(link, said);
    link.down.send(said);
  }

  return {
    get commitsWaiting() {
      return commits.waiting;
    },
    headOf: (collection) => life.store.head(TENANT, collection),
    get rows() {
      return rowsFor([TENANT]);
    },
    rowsFor,
    accept,
    commitStep: () => commits.step(random),
    drained: (link) => void drainByLink.get(link)?.(),
    shrink() {
      void storeNow().shrinkTombstones({ ...ANY_AGE, maxRows: 1 }, (state) =>
        encodeState(shrinkTombstone(decodeState(state))),
      );
    },
    purge: (maxRows) => void storeNow().purgeTombstones({ ...ANY_AGE, maxRows }),
    restart(count) {
      drainByLink.clear();
      commits.abandon(count);
      if (seams.answersEarly) data = copyStoreData(durable);
      life = start();
    },
    backUp() {
      backup = copyStoreData(data);
    },
    setBack() {
      data = copyStoreData(backup);
      durable = data;
      if (!seams.keepsEpoch) epoch += 1;
    },
  };

  function rowsFor(labels: readonly string[]): ReadonlyMap<Key, State> {
    return new Map(COLLECTIONS.flatMap((collection) => rowsOf(collection, labels)));
  }

  function rowsOf(collection: CollectionName, labels: readonly string[]): [Key, State][] {
    const { rows } = storeNow().page(TENANT, collection, { ...EVERYTHING, labels });
    return rows.map(({ id, state }) => [keyOf(collection, id), decodeState(state)]);
  }
}

const LIMITS = { ...DEFAULT_LIMITS, maxPushRows: PUSH_ROWS, maxRowBytes: MAX_ROW_BYTES };

const EVERYTHING: Omit<PageQuery, 'labels'> = { after: 0, maxRows: 100_000, maxBytes: 2 ** 40 };

const ANY_AGE = { committedBefore: Number.POSITIVE_INFINITY, maxBytes: 2 ** 40 };

function withSmallPages(store: Store): Store {
  const page: Store['page'] = (tenant, collection, query) =>
    store.page(tenant, collection, { ...query, maxRows: Math.min(query.maxRows, PAGE_ROWS) });
  return { ...store, page };
}

function mutate(say: NonNullable<Seams['say']>, frame: Uint8Array, waiting: number): Uint8Array | undefined {
  const message = down.decode(frame);
  const said = message && say(message, waiting);
  return said && down.encode(said);
}

/** The hub logs what should never happen here. */
function failLoudly(line: string): void {
  throw new Error(line);
}

function welcome(serverTime: number, epoch: string, labels: readonly string[]): Connected {
  return {
    type: 'connected',
    version: PROTOCOL_VERSION,
    serverId: 'model',
    epoch,
    tenant: TENANT,
    user: USER,
    labels,
    serverTime,
    expiresAt: 0,
    reconnectSpreadMs: 250,
    limits: LIMITS,
  };
}
