export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

export type CountsByProject = Readonly<Record<string, Counts>>;

/** What a run of all tests must have executed. A project lost from the configuration would otherwise go unnoticed. */
export const expectedProjects = ['node', 'server', 'browser', 'e2e'];

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** One line for each project that should have run tests and did not, or ran and is not known. */
export function findProjectFaults(counts: CountsByProject, expected: readonly string[] = expectedProjects): string[] {
  const empty = expected.filter((name) => executed(counts[name]) === 0);
  const unknown = Object.keys(counts).filter((name) => !expected.includes(name));
  return [
    ...empty.map((name) => `The test project "${name}" ran no test.`),
    ...unknown.map((name) => `The test project "${name}" is not expected; add it to expectedProjects.`),
  ];
}

/** The last line of a test run; its form is fixed because programs read it. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function executed(counts: Counts | undefined): number {
  return counts === undefined ? 0 : counts.passed + counts.failed;
}
