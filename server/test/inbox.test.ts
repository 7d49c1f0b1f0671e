import { expect, test } from 'vitest';
import { createInbox } from '../src/inbox.ts';

test('[AK2] who sends many messages at once does not keep others from their turn', async () => {
  const handled: number[] = [];
  const inbox = createInbox<number>({ handle: (frame) => void handled.push(frame), pause() {}, resume() {} });
  for (let i = 0; i < 1_000; i++) inbox.take(i, 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(handled.length).toBeLessThan(200);
  while (handled.length < 1_000) await new Promise((resolve) => setImmediate(resolve));
  expect(handled).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
});
