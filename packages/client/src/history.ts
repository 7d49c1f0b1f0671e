import type { Observable } from 'rxjs';
import type { Status } from './status.ts';

/** Statuses remembered: some hours of a bad network. */
const MAX_ENTRIES = 100;

/** The latest statuses, oldest first, each with the time since when it held. */
export function createHistory(status$: Observable<Status>): () => readonly Status[] {
  let entries: readonly Status[] = [];
  status$.subscribe((status) => {
    entries = [...entries.slice(1 - MAX_ENTRIES), status];
  });
  return () => entries;
}
