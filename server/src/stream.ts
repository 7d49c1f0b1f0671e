import { sendPage } from './deflate-frame.ts';
import { MAX_PAGE_BYTES, MAX_PAGE_ROWS } from './limits.ts';
import { audienceOf, encodePage, type Listener, type SeqRange } from './news.ts';
import type { Store } from './store.ts';

/** What the hub needs of a session. */
export interface Peer {
  readonly tenant: string;
  readonly user: string;
  readonly labels: readonly string[];
  /** Names the device's database. Default: nobody knows, ''. */
  readonly replica?: string;
  /** Does it take frames that are deflated? Default: no. */
  readonly inflates?: boolean;
  send(frame: Uint8Array): void;
  /** Is so much unsent that news must wait? Whoever says yes calls `drained` of its member later. */
  isFull(): boolean;
  /** Ends the session, for it has missed what it cannot be told any more. What it pulls when it comes back heals that. */
  end(reason: string): void;
}

/**
 * What one session is told of one collection, from the page that was the last on.
 *
 * The cursor is a promise to the client: every row up to it that the session may read has left, in its state at that
 * time or a later one. So it moves only over rows that were just sent, over rows that the session may not read, and over
 * the session's own pushes that follow the cursor without a gap. News that does not begin right after the cursor is not
 * sent; the stream then catches up from the store.
 */
export interface Stream extends Listener {
  readonly peer: Peer;
  readonly cursor: number;
  /**
   * The session's own push took these seqs. True: the cursor moved over them, and the ack may say so. The client holds
   * what it pushed, and it has been handed every row that its push was merged with.
   */
  passOwn(range: SeqRange): boolean;
  /** Does the session have everything right up to this seq, as it was before this seq was there? */
  isRightBefore(seq: number): boolean;
  /** There are commits up to this seq. */
  hearOf(seq: number): void;
  /** Everything up to this seq, from right behind the cursor on, is on its way to the session. */
  moveTo(seq: number): void;
  /** Sends what is missing, as far as the peer has room. Answers how many rows that were. */
  catchUp(): number;
}

export interface StreamOptions {
  readonly store: Store;
  readonly peer: Peer;
  readonly collection: string;
  /** The checkpoint of the last page. */
  readonly checkpoint: number;
}

export function createStream({ store, peer, collection, checkpoint }: StreamOptions): Stream {
  let cursor = checkpoint;
  /** The highest seq that the stream heard of. */
  let head = checkpoint;
  /** The head of the store when the stream last read from it: rows up to it may have taken the place of earlier ones. */
  let readAt = checkpoint;

  return {
    peer,
    collection,
    labels: peer.labels,
    audience: audienceOf(collection, peer.labels),
    get cursor() {
      return cursor;
    },
    passOwn({ first, last }) {
      hearOf(last);
      if (!isRightBefore(first)) return false;
      cursor = last;
      return true;
    },
    isRightBefore,
    hearOf,
    moveTo(seq) {
      cursor = seq;
    },
    catchUp,
  };

  /** A page read after this commit, and cut before it, left out the rows that the commit took the place of. */
  function isRightBefore(seq: number): boolean {
    return cursor === seq - 1 && readAt < seq;
  }

  function hearOf(seq: number): void {
    head = Math.max(head, seq);
  }

  function catchUp(): number {
    let sent = 0;
    while (cursor < head && !peer.isFull()) {
      if (cursor < store.purgedBefore(peer.tenant, collection)) {
        peer.end(`tombstones of ${collection} were dropped that this session has not heard of`);
        return sent;
      }
      readAt = store.head(peer.tenant, collection);
      const page = store.page(peer.tenant, collection, {
        after: cursor,
        labels: peer.labels,
        maxRows: MAX_PAGE_ROWS,
        maxBytes: MAX_PAGE_BYTES,
      });
      cursor = page.checkpoint;
      if (page.rows.length > 0 || page.revoked !== undefined) sendPage(peer, encodePage(collection, page));
      sent += page.rows.length;
    }
    return sent;
  }
}
