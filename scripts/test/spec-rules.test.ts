import { describe, expect, it } from 'vitest';
import { compareRules } from '../spec-rules.ts';

const test = (source: string) => new Map([['a.test.ts', source]]);

describe('rules of the specification', () => {
  it('are at peace when each is cited', () => {
    expect(compareRules('- **AB1** x\n- **AB2** y', test("it('[AB1] x') it('[AB2] y')"))).toEqual([]);
  });

  it('a rule that no test cites is a fault', () => {
    expect(compareRules('- **AB1** x', test(''))).toMatchObject([{ rule: 'AB1' }]);
  });

  it('a rule that is cited but not stated is a fault, with its file', () => {
    expect(compareRules('', test("it('[AB1] x')"))).toEqual([
      { rule: 'AB1', message: 'is cited in a.test.ts, but docs/SPEC.md does not state it' },
    ]);
  });

  it('a rule that is stated twice is a fault', () => {
    expect(compareRules('- **AB1** x\n- **AB1** y', test("it('[AB1] x')"))).toMatchObject([{ rule: 'AB1' }]);
  });
});
