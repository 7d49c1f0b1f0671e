import { BehaviorSubject, type Observable } from 'rxjs';
import type { RefusedRow } from '../status.ts';

/** The rows that the server will not take, of all collections. */
export interface RefusedRows {
  /** Emits once for everything that changes in one turn. */
  readonly rows$: Observable<readonly RefusedRow[]>;
  add(row: RefusedRow): void;
  delete(collection: string, id: string): void;
}

export function createRefusedRows(): RefusedRows {
  const rowByKey = new Map<string, RefusedRow>();
  const rows$ = new BehaviorSubject<readonly RefusedRow[]>([]);
  let isEmitting = false;

  function emitSoon(): void {
    if (isEmitting) return;
    isEmitting = true;
    queueMicrotask(() => {
      isEmitting = false;
      rows$.next([...rowByKey.values()]);
    });
  }

  return {
    rows$: rows$.asObservable(),
    add(row) {
      rowByKey.set(keyOf(row.collection, row.id), row);
      emitSoon();
    },
    delete(collection, id) {
      if (rowByKey.delete(keyOf(collection, id))) emitSoon();
    },
  };
}

function keyOf(collection: string, id: string): string {
  return JSON.stringify([collection, id]);
}
