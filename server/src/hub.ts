import { decodeStored, encodeState, type State } from '@breakwater/crdt';
import {
  type AckGroup,
  type BlobGet,
  type BlobLacks,
  type BlobPut,
  down,
  type ErrorCode,
  type Get,
  type Pull,
  type Push,
  type RowResult,
} from '@breakwater/protocol';
import { allOrNothing } from './atomic-push.ts';
import type { Authorize } from './authorize.ts';
import { createBlobExchange } from './blobs/blob-exchange.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { noBlobs } from './blobs/no-blobs.ts';
import { pushedBlobs } from './blobs/pushed-blobs.ts';
import { type IsCollection, isName } from './collection-names.ts';
import { commitPermitted } from './commit-permitted.ts';
import { createDefinitions, type Definitions } from './definitions.ts';
import { sendPage } from './deflate-frame.ts';
import { type Incoming, inspectPush, type Refused, shorten } from './inspect-push.ts';
import { everybodys, type LabelsOf, mayRead } from './labels.ts';
import { type Limits, MAX_COMMIT_BYTES, MAX_PAGE_BYTES, MAX_PAGE_ROWS, MAX_STREAMS } from './limits.ts';
import { keysOf, mergePush, newsOf, resultsOf, type Verdict } from './merge-push.ts';
import { type Meter, noMeter } from './meter.ts';
import { type News, type NewsRow, toNews, toWireGroup, toWireRow } from './news.ts';
import { createPermits } from './permits.ts';
import { createPurgeGuard } from './purge-guard.ts';
import { decideLabels } from './relabel.ts';
import { createRowLabels } from './row-labels.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import type { BlobUse, Commit, CommittedRow, Decide, RowKey, Store } from './store.ts';
import { createStream, type Peer, type Stream } from './stream.ts';
import { createStreamIndex } from './stream-index.ts';
import { tell } from './tell.ts';

/** Where the sessions meet: takes their pushes into the store and tells whoever else follows the collection. */
export interface Hub {
  join(peer: Peer): Member;
  /** Tells all who follow the collections of a commit that nobody pushed. */
  announce(tenant: string, rows: readonly NewsRow[]): void;
  /**
   * Writes a row as the server itself. `make` says within the commit, maybe more than once, what is to be merged with what is
   * stored; undefined: nothing. Answers as a push is answered; undefined: nothing was to be written.
   *
   * @throws StorageError, LabelsError, and what `make` throws
   */
  write(
    tenant: string,
    key: RowKey,
    make: (current: State | undefined) => State | undefined,
  ): Promise<RowResult | undefined>;
  /**
   * Asks `labelsOf` about rows once more. Those whose labels are others are written with them; answers how many.
   *
   * @throws StorageError, LabelsError
   */
  relabel(tenant: string, keys: readonly RowKey[]): Promise<number>;
}

/** A session in the hub. Its messages come one at a time: a push is over when its promise is. */
export interface Member {
  pull(message: Pull): void;
  /** Answers before the next message may come. */
  get(message: Get): Promise<void> | void;
  push(message: Push): Promise<void>;
  /** The peer was told that it is connected: it may be asked for blobs. */
  begin(): void;
  /** Messages about blobs are answered beside the others. Resolves when the peer may say more. */
  blobGet(message: BlobGet): Promise<void>;
  /** As blobGet. */
  blobPut(message: BlobPut): Promise<void>;
  blobLacks(message: BlobLacks): void;
  /** The peer has room again. */
  drained(): void;
  leave(): void;
}

export interface HubOptions {
  readonly store: Store;
  readonly isCollection: IsCollection;
  /** Default: none, every value fits. */
  readonly definitions?: Definitions;
  /** Default: everybody may write everything. */
  readonly authorize?: Authorize | undefined;
  /** Default: a row is everybody's of its tenant. */
  readonly labelsOf?: LabelsOf | undefined;
  readonly limits: Limits;
  /** Where the bytes of attachments are. Default: nowhere, and none are asked for. */
  readonly blobs?: BlobStore | undefined;
  /** Bytes of all blobs that the rows of a tenant refer to, each counted once. Default: no limit. */
  readonly maxTenantBlobBytes?: number;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
  /** For the deadline of `authorize`. Default: the system's timers. */
  readonly scheduler?: Scheduler;
  /** Something was committed, whoever wrote it. */
  readonly onCommitted?: (tenant: string, rows: readonly CommittedRow[]) => void;
  /** A push was committed, or a write of the server itself. */
  readonly onPushed?: (tenant: string, rows: readonly CommittedRow[]) => void;
  /** Does a pushed row bring Yjs structs under the id of somebody else, who is typing into it? */
  readonly isForeign?: (peer: Peer, key: RowKey, state: State) => boolean;
  /** Brings what is typed in the rooms of these rows into them. Undefined: it is all there. Never rejects. */
  readonly foldRooms?: (tenant: string, keys: readonly RowKey[]) => Promise<void> | undefined;
  /** Default: nothing is counted. */
  readonly meter?: Meter;
  readonly log: (line: string) => void;
}

export function createHub({ store, isCollection, limits, log, now = Date.now, ...options }: HubOptions): Hub {
  const { definitions = createDefinitions(), authorize, scheduler = systemScheduler() } = options;
  const { maxTenantBlobBytes = Number.POSITIVE_INFINITY } = options;
  const { maxRowBytes, maxBlobBytes } = limits;
  const { labelsOf = everybodys } = options;
  const { onCommitted = () => {} } = options;
  const { onPushed = () => {}, isForeign = () => false, foldRooms = () => undefined, meter = noMeter } = options;
  const index = createStreamIndex();
  const { blobs } = options;
  const exchange = blobs && createBlobExchange({ store, blobs, maxBlobBytes, scheduler, log });

  return { join, announce, write, relabel };

  function announce(tenant: string, rows: readonly NewsRow[]): void {
    fanOut(tenant, toNews(rows));
    attempt(() => onCommitted(tenant, rows));
  }

  function tellOf(tenant: string, rows: readonly CommittedRow[]): void {
    if (rows.length === 0) return;
    announce(tenant, rows);
    attempt(() => onPushed(tenant, rows));
  }

  async function relabel(tenant: string, keys: readonly RowKey[]): Promise<number> {
    const labels = createRowLabels({ labelsOf, tenant, scheduler, log });
    const decide = decideLabels(keys, { definitions, labels });
    const { rows } = await commitPermitted([labels], decide, (decideNow) => store.commit(tenant, keys, decideNow));
    tellOf(tenant, rows);
    return rows.length;
  }

  async function write(tenant: string, key: RowKey, make: (current: State | undefined) => State | undefined) {
    const labels = createRowLabels({ labelsOf, tenant, scheduler, log });
    const bounds = { maxRowBytes, maxBlobBytes, maxTenantBlobBytes };
    const judge = definitions.validate;
    const decide: Decide<Verdict[]> = ([stored], use) => {
      const state = make(stored && decodeStored(stored.state));
      if (state === undefined) return { writes: [], result: [] };
      const base = state.partial && stored !== undefined ? { base: stored.seq } : {};
      const row = { id: key.id, seq: 0, ...base, deleted: false, bytes: encodeState(state) };
      const rows = [{ kind: 'incoming' as const, key, row, state }];
      const pushed = { rows, atomic: false, ...bounds, now: now(), definitions, judge, labels, reader: undefined };
      return mergePush(pushed, [key], [stored], use);
    };
    const commit = await commitPermitted([labels], decide, (decideNow) => store.commit(tenant, [key], decideNow));
    tellOf(tenant, commit.rows);
    return resultsOf(commit, undefined)[0];
  }

  function join(peer: Peer): Member {
    const { tenant } = peer;
    const streams = new Map<string, Stream>();
    const guard = createPurgeGuard(store, tenant);
    const blobSession = exchange?.join(peer) ?? noBlobs(peer);

    return {
      pull(message) {
        endStream(message.collection);
        const fault = faultOfPull(message);
        if (fault !== undefined) return sendError(message.request, ...fault);
        answerSafely(message.request, () => answerPull(message));
      },
      get(message) {
        const fault = faultOfCollection(message.collection);
        if (fault !== undefined) return sendError(message.request, ...fault);
        const answer = () => answerSafely(message.request, () => answerGet(message));
        return foldRooms(tenant, [message])?.then(answer) ?? answer();
      },
      async push(message) {
        const fault = faultOfPush(message);
        if (fault !== undefined) return refusePush(message.request, ...fault);
        const rows = inspectPush(message.groups, { isCollection, maxRowBytes });
        meter.rowsIn(rows.length);
        // Hooks and rules judge what is typed, too.
        await foldRooms(tenant, keysOf(rows));
        const commit = await tryCommit(message, rows);
        if (commit === undefined) return;
        answerPush(message, commit);
        attempt(() => blobSession.pushed(pushedBlobs(store, tenant, rows, commit.result)));
      },
      begin: () => blobSession.begin(),
      blobGet(message) {
        meter.blobPiece('out');
        return blobSession.get(message);
      },
      blobPut(message) {
        meter.blobPiece('in');
        return blobSession.put(message);
      },
      blobLacks: (message) => blobSession.lacks(message),
      drained() {
        for (const stream of streams.values()) attempt(() => meter.rowsOut(stream.catchUp()));
        // Rows come first.
        if (!peer.isFull()) blobSession.drained();
      },
      leave() {
        for (const collection of [...streams.keys()]) endStream(collection);
        blobSession.leave();
      },
    };

    function answerSafely(request: number, answer: () => void): void {
      try {
        answer();
      } catch (error) {
        log(`Reading for ${tenant} failed: ${messageOf(error)}`);
        sendError(request, 'storage-failed', 'the server could not read its store; try again later');
      }
    }

    function faultOfCollection(collection: string): Fault | undefined {
      if (isCollection(collection)) return undefined;
      return ['unknown-collection', `the server has no collection '${shorten(collection)}'`];
    }

    /** A row that may not be read is answered as one that is not there. */
    function answerGet({ request, collection, id }: Get): void {
      const row = isName(id) ? store.row(tenant, { collection, id }) : undefined;
      const readable = row !== undefined && mayRead(peer.labels, row.labels) ? { row: toWireRow({ ...row, id }) } : {};
      peer.send(down.encode({ type: 'got', request, ...readable }));
      if ('row' in readable) meter.rowsOut(1);
    }

    function faultOfPull({ collection }: Pull): Fault | undefined {
      const fault = faultOfCollection(collection);
      if (fault !== undefined) return fault;
      if (streams.size < MAX_STREAMS) return undefined;
      return ['invalid-request', `a session follows at most ${MAX_STREAMS} collections`];
    }

    /** The page and the stream that follows it are one step: no commit falls between them. */
    function answerPull({ request, collection, checkpoint, maxRows }: Pull): void {
      if (checkpoint > store.head(tenant, collection)) {
        return sendError(request, 'checkpoint-ahead', `the server's ${collection} has no commit ${checkpoint}`);
      }
      if (guard.isTooLate(collection, checkpoint)) {
        return sendError(request, 'checkpoint-purged', `tombstones after ${checkpoint} were dropped; pull from 0`);
      }
      const { rows, last, revoked, ...page } = store.page(tenant, collection, {
        after: checkpoint,
        labels: peer.labels,
        maxRows: Math.min(Math.max(maxRows, 1), MAX_PAGE_ROWS),
        maxBytes: MAX_PAGE_BYTES,
      });
      const group = toWireGroup(collection, { rows, revoked, checkpoint: page.checkpoint });
      sendPage(peer, down.encode({ type: 'page', request, group, last }));
      meter.rowsOut(rows.length);
      guard.handOut(collection, page.checkpoint, last);
      if (last) beginStream(collection, page.checkpoint);
    }

    function faultOfPush({ groups }: Push): Fault | undefined {
      const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
      if (count <= limits.maxPushRows) return undefined;
      return ['invalid-request', `a push of ${count} rows; the server takes ${limits.maxPushRows}`];
    }

    async function tryCommit(message: Push, rows: InspectedRows): Promise<Commit<Verdict[]> | undefined> {
      try {
        return await commitPush(message, rows);
      } catch (error) {
        log(`A push of ${tenant} failed: ${messageOf(error)}`);
        refusePush(message.request, 'storage-failed', 'the server could not store the push; send it again later');
        return undefined;
      }
    }

    async function commitPush({ groups, atomic }: Push, rows: InspectedRows): Promise<Commit<Verdict[]>> {
      const writer = { tenant, user: peer.user, labels: peer.labels };
      const permits = authorize && createPermits({ authorize, writer, definitions, scheduler });
      const judge = permits?.judge ?? definitions.validate;
      const bounds = { maxRowBytes, maxBlobBytes, maxTenantBlobBytes };
      const isNotYet = (key: RowKey, state: State) => isForeign(peer, key, state);
      const labels = createRowLabels({ labelsOf, tenant, scheduler, log });
      const reader = peer.labels;
      const pushed = { rows, atomic, ...bounds, now: now(), definitions, judge, isNotYet, labels, reader };
      const keys = keysOf(rows);
      const decide: Decide<Verdict[]> = (stored, use) => {
        const decision = mergePush(pushed, keys, stored, use);
        return atomic ? allOrNothing(groups, decision) : decision;
      };
      if (keys.length === 0) return { result: decide([], NO_BLOBS_IN_USE).result, rows: [] };
      const commitOptions = { maxBytes: MAX_COMMIT_BYTES, replica: peer.replica ?? '' };
      const hooks = permits === undefined ? [labels] : [permits, labels];
      return await commitPermitted(hooks, decide, async (decideNow) => {
        const committed = meter.commitStarted();
        const commit = await store.commit(tenant, keys, decideNow, commitOptions);
        committed();
        return commit;
      });
    }

    /** The ack first: what the writer is told next may build on it. */
    function answerPush({ request, groups }: Push, commit: Commit<Verdict[]>): void {
      const news = toNews(newsOf(commit));
      const passed = [...news.ranges].filter(([collection, range]) => streams.get(collection)?.passOwn(range));
      const checkpoints = new Map(passed.map(([collection, { last }]) => [collection, last]));
      const results = resultsOf(commit, peer.labels);
      peer.send(down.encode({ type: 'ack', request, groups: toAckGroups(groups, results, checkpoints) }));
      for (const result of results) if (result.kind === 'refused') meter.rowRefused(result.code);
      fanOut(tenant, news);
      if (commit.rows.length === 0) return;
      attempt(() => onPushed(tenant, commit.rows));
      attempt(() => onCommitted(tenant, commit.rows));
    }

    function beginStream(collection: string, checkpoint: number): void {
      const stream = createStream({ store, peer, collection, checkpoint });
      streams.set(collection, stream);
      index.add(tenant, collection, stream);
    }

    function endStream(collection: string): void {
      const stream = streams.get(collection);
      if (stream === undefined) return;
      streams.delete(collection);
      index.remove(tenant, collection, stream);
    }

    function refusePush(request: number, code: ErrorCode, message: string): void {
      meter.pushRefused(code);
      sendError(request, code, message);
    }

    function sendError(request: number, code: ErrorCode, message: string): void {
      peer.send(down.encode({ type: 'error', request, code, message }));
    }
  }

  /** The writer's own streams are past the news, unless they lag: then they get them on their way. */
  function fanOut(tenant: string, news: News): void {
    for (const followers of index.bySession(tenant, [...news.ranges.keys()])) {
      attempt(() => meter.rowsOut(tell(news, followers)));
      for (const stream of followers) attempt(() => meter.rowsOut(stream.catchUp()));
    }
  }

  /** One stream that cannot be served does not keep the news from the others; it catches up later. */
  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      log(`A session could not be told of news: ${messageOf(error)}`);
    }
  }
}

type InspectedRows = readonly (Incoming | Refused)[];

/** For a push none of whose rows can be written. */
const NO_BLOBS_IN_USE: BlobUse = { bytes: () => 0, rowsWith: () => 0 };

type Fault = readonly [code: ErrorCode, message: string];

function toAckGroups(
  groups: Push['groups'],
  results: readonly RowResult[],
  checkpoints: ReadonlyMap<string, number>,
): AckGroup[] {
  let taken = 0;
  return groups.map(({ collection, rows }) => {
    const start = taken;
    taken += rows.length;
    return { collection, results: results.slice(start, taken), checkpoint: checkpoints.get(collection) ?? 0 };
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
