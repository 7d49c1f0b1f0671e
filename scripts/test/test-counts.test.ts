import { expect, test } from 'vitest';
import { type Counts, findProjectFaults, summaryLine } from '../test-counts.ts';

const some: Counts = { passed: 3, failed: 0, skipped: 0 };
const expected = ['node', 'browser'];

test('a run in which every project ran a test is without fault', () => {
  expect(findProjectFaults({ node: some, browser: { passed: 0, failed: 1, skipped: 0 } }, expected)).toEqual([]);
});

test('a project that is missing is a fault', () => {
  expect(findProjectFaults({ node: some }, expected)).toEqual(['The test project "browser" ran no test.']);
});

test('a project whose tests were all skipped is a fault', () => {
  const counts = { node: some, browser: { passed: 0, failed: 0, skipped: 9 } };
  expect(findProjectFaults(counts, expected)).toEqual(['The test project "browser" ran no test.']);
});

test('a project nobody expects is a fault', () => {
  expect(findProjectFaults({ node: some, browser: some, extra: some }, expected)).toHaveLength(1);
});

test('the summary names skipped tests only if there are any', () => {
  expect(summaryLine(some)).toBe('3 passed, 0 failed');
  expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
});
