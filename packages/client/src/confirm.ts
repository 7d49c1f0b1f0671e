import { firstValueFrom, type Observable } from 'rxjs';
import { ConfirmTimeoutError, ReplicationEndedError } from './errors.ts';
import type { Scheduler } from './scheduler.ts';
import type { Confirmation, Question } from './sync/confirmation.ts';

export interface ConfirmOptions {
  /** How it stands now. */
  readonly ask: (question: Question) => Promise<Confirmation>;
  readonly timeoutMs: number;
  readonly scheduler: Scheduler;
  /** Emits whenever the answer may have changed. */
  readonly changed$: Observable<void>;
  readonly hasEnded: () => boolean;
}

/** Waits until the server has stored or refused what the question is about. */
export async function confirm(question: Question, options: ConfirmOptions): Promise<'stored' | 'refused'> {
  const { ask, timeoutMs, scheduler, changed$, hasEnded } = options;
  const timeUp = Promise.withResolvers<'time is up'>();
  const cancelTimer = scheduler.after(timeoutMs, () => timeUp.resolve('time is up'));
  try {
    for (;;) {
      // Listened for before looking: a change in between must not be missed.
      const changed = firstValueFrom(changed$);
      if (hasEnded()) throw new ReplicationEndedError();
      const outcome = await Promise.race([timeUp.promise, ask(question)]);
      if (outcome === 'stored' || outcome === 'refused') return outcome;
      // The time first: changes that keep coming must not put it off.
      if (outcome === 'time is up' || (await Promise.race([timeUp.promise, changed])) === 'time is up') {
        throw timeout(question, timeoutMs);
      }
    }
  } finally {
    cancelTimer();
  }
}

function timeout({ collection, id }: Question, timeoutMs: number): ConfirmTimeoutError {
  return new ConfirmTimeoutError(
    `${collection}: the server did not acknowledge '${id}' within ${timeoutMs} ms; it stays pending`,
  );
}
