import type { AskedHooks } from './asked-hooks.ts';
import { AuthorizeError } from './permits.ts';
import type { Commit, Decide } from './store.ts';

/** How often a push is decided anew because its rows changed while the hooks thought about them. */
const MAX_ROUNDS = 20;

/**
 * Commits once the hooks have said all that they were asked for.
 *
 * `decide` asks the hooks within a commit, where nothing can change between their answers and the write. When one takes its
 * time, that commit writes nothing, and another one follows with the answers; they hold for the rows that nobody changed
 * meanwhile.
 *
 * @throws AuthorizeError, LabelsError, and what the store throws; nothing was written.
 */
export async function commitPermitted<T extends object>(
  hooks: readonly AskedHooks[],
  decide: Decide<T>,
  commit: <R>(decide: Decide<R>) => Promise<Commit<R>>,
): Promise<Commit<T>> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { result, rows } = await commit<T | undefined>((stored, use) => {
      for (const asked of hooks) asked.restart();
      const decision = decide(stored, use);
      return hooks.some(({ isOpen }) => isOpen) ? { writes: [], result: undefined } : decision;
    });
    if (result !== undefined) return { result, rows };
    for (const asked of hooks) await asked.answers();
  }
  throw new AuthorizeError(`rows changed ${MAX_ROUNDS} times before the hooks had answered for them`);
}
