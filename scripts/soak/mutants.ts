import { writeSync } from 'node:fs';
import { MUTANTS } from '../mutants/mutants.ts';
import { NOT_RUN, runTests } from '../mutants/run-tests.ts';
import type { SourceMutant } from '../mutants/source-mutant.ts';
import type { Part, Tally } from './part.ts';

interface Numbered extends SourceMutant {
  readonly number: number;
}

/** Code that breaks down without a guard says nothing of what the guard is for. */
const BREAKDOWN = /^(Syntax|Reference|Type|Range)Error/;

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
      const fault = await playMutant(mutant);
      if (fault === undefined) noticed += 1;
      else failures.push(fault);
    }
    return { counts: { mutants: chosen.length, noticed }, failures } satisfies Tally;
  },
  summarize: (count) =>
    `${count('mutants')} rules switched off, ${count('noticed')} noticed by the test named for them`,
};

/** With every rule in force. */
async function playAll(chosen: readonly Numbered[]): Promise<string[]> {
  const results = await runTests(chosen.map(({ test }) => test));
  return chosen.flatMap(({ test }, i) => {
    const { outcome, reason } = results[i] ?? NOT_RUN;
    return outcome === 'passed' ? [] : [`with every rule in force '${test.title}' ${outcome}: ${reason}`];
  });
}

/** Undefined: the test has noticed. */
async function playMutant({ number, rule, test }: Numbered): Promise<string | undefined> {
  const start = performance.now();
  const [{ outcome, reason } = NOT_RUN] = await runTests([test], number);
  const isNoticed = outcome === 'failed' && !BREAKDOWN.test(reason);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  // Written by itself: what a worker logs may be lost when it is ended.
  writeSync(1, `${`${number}`.padStart(3)}  ${isNoticed ? 'noticed' : 'MISSED '}  ${seconds.padStart(4)} s  ${rule}\n`);
  return isNoticed ? undefined : `${number}, without '${rule}': '${test.title}' ${outcome} ${reason}`;
}
