import { expect, it } from 'vitest';
import { MUTANTS, play } from '../src/simulator/index.ts';

/** The guard that is hardest to miss takes some hundred seeds; most take a handful. */
const SEEDS = 600;

it.each(MUTANTS)('[SI5] without this the judge goes red: $guard', { timeout: 120_000 }, async (mutant) => {
  const { seams, setBacks = false } = mutant;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { verdict } = await play({ seed, seams, setBacks });
    if (verdict.length > 0) return;
  }
  expect.unreachable(`${SEEDS} seeds ended well without it`);
});
