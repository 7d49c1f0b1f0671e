import { relative } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { expect } from 'vitest';

/** Checks a property on random input. BREAKWATER_SEED (seed, or seed:path as a failure prints it) repeats a run. */
export function checkProperty<T>(property: fc.IRawProperty<T>, numRuns = 300): void {
  fc.assert(property, { numRuns, ...repeatedRun(), reporter: throwWithCommand });
}

function repeatedRun(): { seed?: number; path?: string } {
  const [seed, ...path] = process.env.BREAKWATER_SEED?.split(':') ?? [];
  if (seed === undefined) return {};
  return path.length === 0 ? { seed: Number(seed) } : { seed: Number(seed), path: path.join(':') };
}

function throwWithCommand<T>(run: fc.RunDetails<T>): void {
  if (!run.failed) return;
  const seed = [run.seed, run.counterexamplePath].filter((part) => part !== null).join(':');
  throw new Error(`${fc.defaultReportMessage(run)}\n\nRepeat it with: BREAKWATER_SEED=${seed} ${command()}`, {
    cause: run.errorInstance,
  });
}

function command(): string {
  const { currentTestName = '', testPath = '' } = expect.getState();
  const rule = /\[(\w+)\]/.exec(currentTestName)?.[1] ?? '';
  const file = relative(process.cwd(), testPath);
  return `npx vitest run --config vitest.workspace.ts --project node ${file} -t '${rule}\\]'`;
}
