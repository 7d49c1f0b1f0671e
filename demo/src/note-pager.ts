import type { Notes } from './database.ts';
import { createNoteQuery, type NotePage, type View } from './note-query.ts';

export interface Pager {
  /** These ranks are in sight: have them loaded. */
  show(first: number, last: number): void;
  /** The notes have changed. */
  refresh(): void;
  stop(): void;
}

export interface PagerOptions {
  readonly notes: Notes;
  readonly view: View;
  /** `shift`: by how many ranks the rows in sight have moved, because others came or went before them. */
  readonly onPage: (page: NotePage, shift: number) => void;
  readonly onError: (error: unknown) => void;
}

/** How many rows are read beyond those in sight, on either side. */
const MARGIN = 90;

/** When what is in sight comes this near to the end of what is loaded, more is loaded, in rows. */
const LEAD = 40;

const NOTHING: NotePage = { total: 0, start: 0, rows: [] };

/** Keeps the stretch of the list that is in sight loaded and fresh, with at most one query at a time. */
export function createPager({ notes, view, onPage, onError }: PagerOptions): Pager {
  const query = createNoteQuery(notes, view);
  let page = NOTHING;
  let sight = { first: 0, last: 20 };
  let isStale = true;
  let isWorking = false;
  let isStopped = false;

  function isCovered(lead: number): boolean {
    const end = page.start + page.rows.length;
    const isAbove = page.start === 0 || sight.first - lead >= page.start;
    const isBelow = end >= page.total || sight.last + lead < end;
    return isAbove && isBelow;
  }

  async function work(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    try {
      while (!isStopped && (isStale || !isCovered(LEAD))) await step();
    } catch (error) {
      if (!isStopped) onError(error);
    } finally {
      isWorking = false;
    }
  }

  async function step(): Promise<void> {
    const size = sight.last - sight.first + 2 * MARGIN;
    const isReload = isStale && isCovered(0);
    isStale = false;
    const next = await (isReload ? query.reload(size) : query.load(Math.max(0, sight.first - MARGIN), size));
    if (isStopped) return;
    const shift = isReload && sight.first > 0 ? shiftBetween(page, next, sight.first) : 0;
    page = next;
    sight = { first: sight.first + shift, last: sight.last + shift };
    onPage(page, shift);
  }

  return {
    show(first, last) {
      sight = { first, last };
      void work();
    },
    refresh() {
      isStale = true;
      void work();
    },
    stop() {
      isStopped = true;
    },
  };
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
