import { AuthorizeError, type Permits } from './permits.ts';
import type { Commit, Decide } from './store.ts';

/** How often a push is decided anew because its rows changed while the hook thought about them. */
const MAX_ROUNDS = 20;

/**
 * Commits once all that is written is permitted; without permits nobody has to be asked.
 *
 * `decide` judges by the permits, and so asks the hook within a commit, where nothing can change between its answer and
 * the write. When the hook takes its time, that commit writes nothing, and another one follows with its answers; they hold
 * for the rows that nobody changed meanwhile.
 *
 * @throws AuthorizeError, and what the store throws; nothing was written.
 */
export async function commitPermitted<T extends object>(
  permits: Permits | undefined,
  decide: Decide<T>,
  commit: <R>(decide: Decide<R>) => Promise<Commit<R>>,
): Promise<Commit<T>> {
  if (permits === undefined) return await commit(decide);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { result, rows } = await commit<T | undefined>((stored, use) => {
      permits.restart();
      const decision = decide(stored, use);
      return permits.isOpen ? { writes: [], result: undefined } : decision;
    });
    if (result !== undefined) return { result, rows };
    await permits.answers();
  }
  throw new AuthorizeError(`rows changed ${MAX_ROUNDS} times before authorize had answered for them`);
}
