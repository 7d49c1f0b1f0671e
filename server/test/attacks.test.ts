import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { playAttack } from './attacks/attack.ts';
import { ATTACKS } from './attacks/attacks.ts';
import { startTarget, type Target } from './attacks/target.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.end());

describe('[AK1] the server lives on, others are answered, and the offender is told why', () => {
  test.each(ATTACKS.filter(({ isQuick }) => isQuick))('$name', async (attack) => {
    const { faults } = await playAttack(attack, target);
    expect(faults).toEqual([]);
  });
});
