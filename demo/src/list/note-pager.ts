import { paginate } from '@breakwater/client';
import type { NoteDocument, Notes } from '../data/database.ts';

export interface View {
  readonly sort: 'recent' | 'name';
  /** Only titles whose key begins like this. */
  readonly prefix: string;
}

/** A stretch of the sorted list: `rows` are those from rank `start` on, of `total` in all. */
export interface NotePage {
  readonly total: number;
  readonly start: number;
  readonly rows: readonly NoteDocument[];
}

export interface Pager {
  /** These ranks are in sight: have them loaded. */
  show(first: number, last: number): void;
  stop(): void;
}

export interface PagerOptions {
  readonly notes: Notes;
  readonly view: View;
  /** `shift`: by how many ranks the rows in sight have moved, because others came or went before them. */
  readonly onPage: (page: NotePage, shift: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Rows that are loaded: those in sight of the tallest window, and as many as MARGIN on either side. */
const PAGE_SIZE = 260;
const MARGIN = 90;

/** When what is in sight comes this near to the end of what is loaded, more is loaded, in rows. */
const LEAD = 40;

/** Longest time that a change stays unseen while one follows upon the other, in milliseconds. */
const REFRESH_INTERVAL_MS = 150;

/** Greater than every letter that follows a prefix. */
const AFTER_ALL = '\uffff';

/** Keeps the stretch of the list that is in sight loaded and fresh. */
export function createPager({ notes, view, onPage, onError }: PagerOptions): Pager {
  const pages = paginate(findNotes(notes, view), { pageSize: PAGE_SIZE, total: true, everyMs: REFRESH_INTERVAL_MS });
  let page: NotePage | undefined;
  let sight = { first: 0, last: 0 };
  let isJumping = false;

  const subscription = pages.page$.subscribe({
    next({ documents, start = 0, total = 0 }) {
      const next = { start, total, rows: documents };
      const shift = page === undefined || sight.first === 0 ? 0 : shiftBetween(page, next, sight.first);
      page = next;
      sight = { first: sight.first + shift, last: sight.last + shift };
      onPage(page, shift);
      void cover();
    },
    error: onError,
  });

  function isCovered({ start, rows, total }: NotePage): boolean {
    const end = start + rows.length;
    const isAbove = start === 0 || sight.first - LEAD >= start;
    const isBelow = end >= total || sight.last + LEAD < end;
    return isAbove && isBelow;
  }

  /** One jump at a time: whoever scrolls fast wants the place where they stop. */
  async function cover(): Promise<void> {
    if (isJumping || page === undefined || isCovered(page)) return;
    const before = page;
    isJumping = true;
    try {
      await pages.jumpToRow(Math.max(0, Math.min(sight.first - MARGIN, page.total - PAGE_SIZE)));
    } catch (error) {
      if (!subscription.closed) onError(error);
    } finally {
      isJumping = false;
    }
    // Whatever did not move it the first time will not do so the second time.
    if (!subscription.closed && page !== before) void cover();
  }

  return {
    show(first, last) {
      sight = { first, last };
      void cover();
    },
    stop: () => subscription.unsubscribe(),
  };
}

function findNotes(notes: Notes, { sort, prefix }: View) {
  const selector = prefix === '' ? {} : { titleKey: { $gte: prefix, $lt: prefix + AFTER_ALL } };
  return notes.find({ selector, sort: [sort === 'name' ? { titleKey: 'asc' } : { newestFirst: 'asc' }] });
}

/** By how many ranks the rows from `first` on have moved, as told by the first of them that did not move by itself. */
function shiftBetween(before: NotePage, after: NotePage, first: number): number {
  const rankById = new Map(after.rows.map((row, index) => [row.id, { row, rank: after.start + index }]));
  for (const [index, row] of before.rows.entries()) {
    const now = rankById.get(row.id);
    const rank = before.start + index;
    if (rank >= first && now?.row.updatedAt === row.updatedAt) return now.rank - rank;
  }
  return 0;
}
