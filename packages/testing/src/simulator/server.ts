import { decodeState, type State } from '@breakwater/crdt';
import { type Connected, down, type UpMessage, up } from '@breakwater/protocol';
import { DEFAULT_LIMITS, type PageQuery, type Store } from '@breakwater/server';
import { createHub, createInbox, type Hub } from '@breakwater/server/hub';
import type { Random } from '../random.ts';
import { createCommitTasks } from './commit-tasks.ts';
import type { Link } from './link.ts';
import { copyStoreData, createModelStore, createStoreData } from './model-store.ts';
import type { Seams } from './seams.ts';

export const TENANT = 'harbour';
export const COLLECTION = 'notes';
const USER = 'harbourmaster';

/** Small, so that a few rows take several pages and several pushes. */
const PAGE_ROWS = 2;
const PUSH_ROWS = 3;
/** Frames unsent, from which on a session is full. */
const FULL_FRAMES = 4;

export interface ModelServerOptions {
  readonly random: Random;
  readonly seams: Seams;
  readonly now: () => number;
  /** Something was sent, so it must be durable. */
  readonly onSent: (link: Link, frame: Uint8Array) => void;
}

/** The real hub over a model store, with sessions that end at a {@link Link}. */
export interface ModelServer {
  /** Commits that were asked for and are not settled. */
  readonly commitsWaiting: number;
  readonly head: number;
  readonly rows: ReadonlyMap<string, State>;
  accept(link: Link): void;
  /** Runs or answers a commit. */
  commitStep(): void;
  /** A frame has left: whoever was full may have room again. */
  drained(link: Link): void;
  /** The process dies and starts again. Of the commits that were not answered, this many have reached the disk. */
  restart(durable: number): void;
  /** Keeps a copy of what is stored now. */
  backUp(): void;
  /** The next restart finds the copy, under a new epoch. */
  setBack(): void;
}

export function createModelServer({ random, seams, now, onSent }: ModelServerOptions): ModelServer {
  let data = createStoreData();
  /** What a restart finds: the same, unless commits answer early. */
  let durable = data;
  let backup = copyStoreData(data);
  let epoch = 1;
  const commits = createCommitTasks();
  let life = start();
  const drainByLink = new Map<Link, () => void>();

  function start(): { readonly hub: Hub; readonly store: Store } {
    const store = withSmallPages(createModelStore(data, schedule, now));
    const isCollection = (name: string) => name === COLLECTION;
    const limits = { ...DEFAULT_LIMITS, maxPushRows: PUSH_ROWS };
    return { store, hub: createHub({ store, isCollection, limits, log: failLoudly }) };
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

  function accept(link: Link): void {
    const { hub } = life;
    const send = (frame: Uint8Array) => sendDown(link, frame);
    const isFull = () => seams.saysWhenFull !== false && link.down.length >= FULL_FRAMES;
    const member = hub.join({ tenant: TENANT, user: USER, labels: [TENANT], send, isFull, end: failLoudly });
    const inbox = createInbox<UpMessage>({
      handle: (message) => {
        if (message.type === 'pull') return member.pull(message);
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
    send(down.encode(welcome(now(), `epoch ${epoch}`)));
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
    get head() {
      return life.store.head(TENANT, COLLECTION);
    },
    get rows() {
      const { rows } = createModelStore(data, schedule, now).page(TENANT, COLLECTION, EVERYTHING);
      return new Map(rows.map(({ id, state }) => [id, decodeState(state)]));
    },
    accept,
    commitStep: () => commits.step(random),
    drained: (link) => void drainByLink.get(link)?.(),
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
}

const EVERYTHING: PageQuery = { after: 0, labels: [TENANT], maxRows: 100_000, maxBytes: 2 ** 40 };

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

function welcome(serverTime: number, epoch: string): Connected {
  return {
    type: 'connected',
    version: 4,
    serverId: 'model',
    epoch,
    tenant: TENANT,
    user: USER,
    labels: [TENANT],
    serverTime,
    expiresAt: 0,
    reconnectSpreadMs: 250,
    limits: { ...DEFAULT_LIMITS, maxPushRows: PUSH_ROWS },
  };
}
