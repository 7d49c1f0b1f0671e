import { describe, expect, it } from 'vitest';
import { backoffMs, checkBackoff, DEFAULT_BACKOFF } from '../src/connection/backoff.ts';

describe('backoff', () => {
  it('[BO1] doubles from 2 s to 16 s', () => {
    expect([1, 2, 3, 4, 5, 50].map((failures) => backoffMs(failures, DEFAULT_BACKOFF, 0))).toEqual([
      2_000, 4_000, 8_000, 16_000, 16_000, 16_000,
    ]);
  });

  it('[BO1] adds up to 50 % at random', () => {
    expect(backoffMs(1, DEFAULT_BACKOFF, 0.5)).toBe(2_500);
    expect(backoffMs(4, DEFAULT_BACKOFF, 0.999_999)).toBe(24_000);
  });

  it.each([
    [{ minMs: 0, maxMs: 1 }, 'backoff.minMs must be greater than 0, not 0'],
    [{ minMs: Number.NaN, maxMs: 1 }, 'backoff.minMs must be greater than 0, not NaN'],
    [{ minMs: 10, maxMs: 5 }, 'backoff.maxMs must be at least minMs (10), not 5'],
  ])('[BO2] %j is refused by name', (options, message) => {
    expect(() => checkBackoff(options)).toThrow(new RangeError(message));
  });
});
