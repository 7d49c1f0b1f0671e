import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkProperty } from '../../crdt/test/check-property.ts';
import { CloseCode, formatRetryAfter, isFinal, needsNewToken, retryAfterMs } from '../src/index.ts';

type Action = 'come back' | 'get a token' | 'stop';

function actionOf(code: number): Action {
  if (needsNewToken(code)) return 'get a token';
  return isFinal(code) ? 'stop' : 'come back';
}

describe('[PR30] each close code says what to do', () => {
  const actions: { readonly [K in keyof typeof CloseCode]: Action } = {
    normal: 'come back',
    malformed: 'come back',
    limitExceeded: 'come back',
    tooBig: 'come back',
    tryAgainLater: 'come back',
    badRequest: 'stop',
    unauthenticated: 'get a token',
    forbidden: 'stop',
    notFound: 'stop',
    gone: 'stop',
    full: 'stop',
    upgradeRequired: 'stop',
  };
  test.each(Object.entries(actions))('%s: %s', (name, action) => {
    expect(actionOf(CloseCode[name as keyof typeof CloseCode])).toBe(action);
  });
});

test('[PR31] every other code is weather', () => {
  const known: readonly number[] = Object.values(CloseCode);
  checkProperty(
    fc.property(fc.integer({ min: 1000, max: 4999 }), (code) => {
      fc.pre(!known.includes(code));
      expect(actionOf(code)).toBe('come back');
    }),
  );
});

test('[PR32] a retry-after comes back in whole milliseconds', () => {
  checkProperty(
    fc.property(fc.double({ min: 0, max: 999_999_999, noNaN: true }), (delayMs) => {
      expect(retryAfterMs(CloseCode.tryAgainLater, formatRetryAfter(delayMs))).toBe(Math.round(delayMs));
    }),
  );
});

describe('[PR33] a reason that is no retry-after names no delay', () => {
  test.each([
    '',
    'retry-after=',
    'retry-after=-1',
    'retry-after=1e3',
    'retry-after=1 ',
    'x retry-after=1',
    'retry-after=9999999999',
  ])('%j', (reason) => {
    expect(retryAfterMs(CloseCode.tryAgainLater, reason)).toBeUndefined();
  });
});

test('[PR34] only a 1013 names a delay', () => {
  expect(retryAfterMs(CloseCode.unauthenticated, 'retry-after=5')).toBeUndefined();
});
