import process from 'node:process';
import type { UserConfig } from 'vite';
import { defineConfig } from 'vitest/config';
import { mutantPlugin } from './scripts/mutants/mutant-plugin.ts';
import { MUTANTS } from './scripts/mutants/mutants.ts';
import workspace from './vitest.workspace.ts';

const { resolve = {}, ssr = {} } = workspace as UserConfig;

/** The tests of mutants, as `npm run soak -- mutants` runs them; BREAKWATER_MUTANT is the number of one, from 1 on. */
const mutant = MUTANTS[Number(process.env.BREAKWATER_MUTANT ?? 0) - 1];

export default defineConfig({
  resolve,
  ssr,
  plugins: mutant === undefined ? [] : [mutantPlugin(mutant, import.meta.dirname)],
  test: {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    include: ['{packages/*,server}/test/**/*.test.ts'],
    exclude: ['**/*.browser.test.ts'],
    // What was transformed with one mutant must not be found by the next run.
    fsModuleCache: false,
  },
});
