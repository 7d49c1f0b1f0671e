import type { RxDocument } from 'rxdb';
import { firstValueFrom, type Observable } from 'rxjs';
import { ConfirmTimeoutError, ReplicationEndedError } from './errors.ts';
import type { Scheduler } from './scheduler.ts';
import type { StoredDocument } from './storage/row-meta.ts';
import type { CollectionSync } from './sync/collection-sync.ts';

export interface ConfirmOptions {
  readonly collection: CollectionSync;
  readonly timeoutMs: number;
  readonly scheduler: Scheduler;
  /** Emits whenever a document's fate may have changed. */
  readonly changed$: Observable<void>;
  readonly hasEnded: () => boolean;
}

/** Waits until the server has stored or refused what the document shows. */
export async function confirmDocument(document: RxDocument, options: ConfirmOptions): Promise<'stored' | 'refused'> {
  const { collection, timeoutMs, scheduler, changed$, hasEnded } = options;
  const timeUp = Promise.withResolvers<'time is up'>();
  const cancelTimer = scheduler.after(timeoutMs, () => timeUp.resolve('time is up'));
  try {
    for (;;) {
      // Listened for before looking: a change in between must not be missed.
      const changed = firstValueFrom(changed$);
      if (hasEnded()) throw new ReplicationEndedError();
      const outcome = await collection.confirm(document._data as unknown as StoredDocument);
      if (outcome !== 'pending') return outcome;
      // The time first: changes that keep coming must not put it off.
      if ((await Promise.race([timeUp.promise, changed])) === 'time is up') throw timeout(document, timeoutMs);
    }
  } finally {
    cancelTimer();
  }
}

function timeout({ collection, primary }: RxDocument, timeoutMs: number): ConfirmTimeoutError {
  return new ConfirmTimeoutError(
    `${collection.name}: the server did not acknowledge '${primary}' within ${timeoutMs} ms; it stays pending`,
  );
}
