import { describe, expect, it } from 'vitest';
import { hasNoticed, type Report, resultOf } from '../mutants/test-report.ts';

const TEST = { file: 'packages/a/test/a.test.ts', title: '[AA1] keeps' };

function reportOf(
  results: readonly { title?: string; status: string; failure?: string }[],
  { name = '/here/packages/a/test/a.test.ts', message = '' } = {},
): Report {
  const assertionResults = results.map(({ title = TEST.title, status, failure }) => ({
    title,
    status,
    failureMessages: failure === undefined ? [] : [failure],
  }));
  return { testResults: [{ name, message, assertionResults }] };
}

const failedBy = (failure: string) => resultOf(TEST, reportOf([{ status: 'failed', failure }]));

describe('a test that must notice', () => {
  it.each(['AssertionError: expected 1 to be 2', 'TestTimeoutError: Test timed out', 'Error: no ack'])(
    'has noticed when it fails by "%s"',
    (failure) => {
      expect(failedBy(failure)).toEqual({ outcome: 'failed', reason: failure });
      expect(hasNoticed(failedBy(failure))).toBe(true);
    },
  );

  it.each(['TypeError: x is not a function', 'ReferenceError: x is not defined', 'SyntaxError: unexpected }'])(
    'has not when the code breaks down: "%s"',
    (failure) => {
      expect(hasNoticed(failedBy(failure))).toBe(false);
    },
  );

  it('has not when it passes', () => {
    const result = resultOf(
      TEST,
      reportOf([{ status: 'passed' }, { title: 'another', status: 'failed', failure: '' }]),
    );
    expect([result, hasNoticed(result)]).toEqual([{ outcome: 'passed', reason: '' }, false]);
  });

  it('has not when it was not run: skipped, not found, or its file could not be imported', () => {
    const broken = reportOf([], { message: "the guard of 'x' stands in x.ts 0 times" });
    const elsewhere = reportOf([{ status: 'failed', failure: 'AssertionError' }], { name: '/here/b.test.ts' });
    const results = [reportOf([{ status: 'skipped' }]), reportOf([]), elsewhere, broken].map((report) =>
      resultOf(TEST, report),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => 'was not run'));
    expect(results.at(-1)?.reason).toBe("the guard of 'x' stands in x.ts 0 times");
    expect(results.filter(hasNoticed)).toEqual([]);
  });

  it('has noticed when it fails on one of the storages that it is run on', () => {
    const report = reportOf([{ status: 'passed' }, { status: 'failed', failure: 'AssertionError' }]);
    expect(hasNoticed(resultOf(TEST, report))).toBe(true);
  });
});
