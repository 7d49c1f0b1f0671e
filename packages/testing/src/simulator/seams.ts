import type { CollectionRecord, LocalRows, RecordKeeper, Session } from '@breakwater/client/sync';
import type { DownMessage } from '@breakwater/protocol';
import type { Random } from '../random.ts';

/**
 * Where a mutation check takes a guard away: each seam stands around a part that is handed in anyway. Without a seam the
 * parts are what they are in production.
 */
export interface Seams {
  readonly rows?: (rows: LocalRows) => LocalRows;
  readonly record?: (record: RecordKeeper<CollectionRecord>) => RecordKeeper<CollectionRecord>;
  readonly session?: (session: Session) => Session;
  /** Does the device's storage refuse a write whose `previous` is not what is stored? */
  readonly compares?: boolean;
  /** Which of the frames on their way down arrives next. */
  readonly nextDown?: (random: Random, waiting: number) => number;
  /** What the hub says, on its way to the transport; undefined: it gets lost. */
  readonly say?: (message: DownMessage, waiting: number) => DownMessage | undefined;
  /** Does a session with much unsent tell the hub so? */
  readonly saysWhenFull?: boolean;
  /** Does a server that was set back say that it is the same as before? */
  readonly keepsEpoch?: boolean;
  /** Does a commit answer before it is durable? */
  readonly answersEarly?: boolean;
}
