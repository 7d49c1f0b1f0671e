import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { addCounts, type Counts, noCounts } from './test-counts.ts';

/** Vitest's JSON report does not say which project a file ran in; this one counts by project. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const path = process.env.BREAKWATER_TEST_COUNTS;
    if (path === undefined) return;
    const projects: Record<string, Counts> = {};
    for (const module of modules) {
      const { name } = module.project;
      projects[name] = addCounts(projects[name] ?? noCounts, countModule(module));
    }
    writeFileSync(path, JSON.stringify({ projects, unhandledErrors: unhandledErrors.length }));
  }
}

function countModule(module: TestModule): Counts {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') passed++;
    else if (state === 'skipped') skipped++;
    else failed++;
  }
  // A file that does not load, or whose hook throws, fails without any failed test.
  const failedOutsideTests = failed === 0 && !module.ok();
  return { passed, failed: failedOutsideTests ? 1 : failed, skipped };
}
