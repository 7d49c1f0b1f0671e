import { expect, it } from 'vitest';
import { userColors } from '../src/index.ts';

it('[LE17] a user has the same colours everywhere, and others have others', () => {
  expect(userColors('ada')).toEqual(userColors('ada'));
  expect(userColors('ada')).toEqual({
    color: expect.stringMatching(/^#[0-9a-f]{6}$/),
    colorLight: expect.stringMatching(/^#[0-9a-f]{8}$/),
  });
  const devices = [...'ABCDEFGH'].map((letter) => userColors(`Device ${letter}`).color);
  expect(new Set(devices).size).toBe(8);
});
