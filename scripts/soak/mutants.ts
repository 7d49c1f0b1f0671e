import { writeSync } from 'node:fs';
import { MUTANTS } from '../mutants/mutants.ts';
import { runTests } from '../mutants/run-tests.ts';
import type { SourceMutant } from '../mutants/source-mutant.ts';
import { hasNoticed } from '../mutants/test-report.ts';
import type { Part, Tally } from './part.ts';

interface Numbered extends SourceMutant {
  readonly number: number;
}

/** Rules that are switched off in the source, one at a time: the test that is named for each must fail. */
export const mutants: Part = {
  runs: MUTANTS.length,
  async play({ first, runs, rest }) {
    // One after the other: no test may fail because another has the machine.
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const numbered = MUTANTS.map((mutant, i): Numbered => ({ ...mutant, number: i + 1 }));
    const chosen = numbered.filter(({ number }) => number >= first && number < first + runs);
    const failures = await playAll(chosen);
    let noticed = 0;
    for (const mutant of chosen) {
      const missed = await playMutant(mutant);
      failures.push(...missed);
      if (missed.length === 0) noticed += 1;
    }
    return { counts: { mutants: chosen.length, noticed }, failures } satisfies Tally;
  },
  summarize: (count) =>
    `${count('mutants')} rules switched off, ${count('noticed')} noticed by the test named for them`,
};

/** With every rule in force; answers what fails all the same. */
async function playAll(chosen: readonly Numbered[]): Promise<string[]> {
  const results = await runTests(chosen.map(({ test }) => test));
  const faults = results.map(({ outcome, reason }, i) =>
    outcome === 'passed' ? [] : [`with every rule in force '${chosen[i]?.test.title}' ${outcome}: ${reason}`],
  );
  return faults.flat();
}

/** Answers what the test has not noticed: nothing, or one line. */
async function playMutant({ number, rule, test }: Numbered): Promise<string[]> {
  const start = performance.now();
  const results = await runTests([test], number);
  const missed = results.filter((result) => !hasNoticed(result));
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(4);
  // Written by itself: what a worker logs may be lost when it is ended.
  writeSync(1, `${`${number}`.padStart(3)}  ${missed.length === 0 ? 'noticed' : 'MISSED '}  ${seconds} s  ${rule}\n`);
  return missed.map(({ outcome, reason }) => `${number}, without '${rule}': '${test.title}' ${outcome} ${reason}`);
}
