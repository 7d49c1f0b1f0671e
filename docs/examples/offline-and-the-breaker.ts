import {
  ConfirmTimeoutError,
  createDatabase,
  defineCollections,
  type ReplicateOptions,
  type Replication,
  replicate,
  type Status,
  UnsentWritesError,
} from '@breakwater/client';
import type { RxDocument } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { combineLatest, distinctUntilChanged, map, type Observable, timer } from 'rxjs';

const collections = defineCollections({
  orders: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 100 }, item: { type: 'string' } },
      required: ['item'],
    },
  },
});

export async function openShop(url: string, user: string, options: Partial<ReplicateOptions> = {}) {
  const db = await createDatabase({ name: `shop-${user}`, storage: getRxStorageMemory(), collections });
  const sync = replicate(db, {
    url,
    backoff: { minMs: 2_000, maxMs: 16_000 }, // these four are the defaults
    breaker: { failures: 5, probeAfterMs: 300_000 },
    ...options,
  });
  sync.errors$.subscribe(({ code, message }) => console.warn(code, message));
  return { db, sync };
}

/** What to show of it: a line, and which button belongs to it. */
export interface StatusLine {
  readonly text: string;
  readonly action?: 'retry' | 'start' | 'sign in';
}

/** The line as it is now, and whenever it changes. */
export function statusLine$(sync: Replication): Observable<string> {
  return combineLatest([sync.status$, sync.pending$, timer(0, 1_000)]).pipe(
    map(([status, { rows }]) => {
      const { text, action } = describe(status, Date.now());
      const waiting = rows === 0 ? '' : ` · ${rows} not sent yet`;
      return `${text}${waiting}${action === undefined ? '' : ` [${action}]`}`;
    }),
    distinctUntilChanged(),
  );
}

function describe(status: Status, now: number): StatusLine {
  switch (status.state) {
    case 'live':
      return { text: 'Connected' };
    case 'connecting':
      return { text: 'Connecting' };
    case 'offline':
      return { text: `No connection, trying again in ${secondsTo(status.retryAt, now)} s`, action: 'retry' };
    case 'halted':
      return { text: `No connection, next try in ${secondsTo(status.probeAt, now)} s`, action: 'retry' };
    case 'needs-auth':
      return { text: status.reason, action: 'sign in' };
    case 'paused':
      return { text: 'Paused', action: 'start' };
    case 'failed':
      return { text: status.reason };
    case 'stopped':
      return { text: 'Signed out' };
  }
}

function secondsTo(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1_000));
}

/** For what must not be taken for done before it is: an order, a signature. */
export async function place<D>(sync: Replication, order: RxDocument<D>): Promise<string> {
  try {
    const answer = await sync.confirm(order, { timeoutMs: 5_000 });
    return answer === 'stored' ? 'Thank you' : (sync.refused.at(-1)?.reason ?? 'It was not taken');
  } catch (error) {
    if (error instanceof ConfirmTimeoutError) return 'We have your order here, and send it when there is a connection';
    throw error;
  }
}

/** On a machine that others use. `ask`: may so many changes be lost? */
export async function leave(sync: Replication, ask: (unsent: number) => boolean): Promise<void> {
  try {
    await sync.signOut({ wipe: true });
  } catch (error) {
    if (!(error instanceof UnsentWritesError) || !ask(error.count)) throw error;
    await sync.signOut({ wipe: true, discardUnsent: true });
  }
}
