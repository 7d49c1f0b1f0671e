import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { mutantPlugin } from './scripts/mutants/mutant-plugin.ts';
import { MUTANTS } from './scripts/mutants/mutants.ts';
import { fromSource, quiet } from './vitest.source.ts';

/** BREAKWATER_MUTANT is the number of one, from 1 on, as `npm run soak -- mutants` sets it. Else every rule is in force. */
const mutant = MUTANTS[Number(process.env.BREAKWATER_MUTANT ?? 0) - 1];

export default defineConfig({
  ...fromSource,
  plugins: mutant === undefined ? [] : [mutantPlugin(mutant, import.meta.dirname)],
  test: {
    execArgv: quiet,
    // The cheapest to start: nearly all of the time goes into that.
    pool: 'threads',
    include: ['{packages/*,server}/test/**/*.test.ts'],
    exclude: ['**/*.browser.test.ts'],
    // What was transformed with one mutant must not be found by the next run.
    fsModuleCache: false,
  },
});
