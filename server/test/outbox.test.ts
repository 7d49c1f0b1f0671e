import { expect, test } from 'vitest';
import { createManualScheduler } from '../../packages/testing/src/manual-scheduler.ts';
import { createOutbox } from '../src/outbox.ts';

test('[AK2] after a large answer others have their turn before the next', async () => {
  const socket = { bufferedAmount: 0, send: (_: Uint8Array, sent: () => void) => sent() };
  const outbox = createOutbox({ socket, scheduler: createManualScheduler(), onDrained() {}, onStuck() {} });
  const events: string[] = [];
  const turn = async (name: string, bytes: number) => {
    outbox.send(new Uint8Array(bytes));
    await outbox.room();
    events.push(name);
  };
  const others = new Promise<void>((resolve) => {
    setImmediate(() => {
      events.push('others');
      resolve();
    });
  });
  await turn('small', 100);
  await turn('large', 256 * 1024);
  await others;
  expect(events).toEqual(['small', 'others', 'large']);
});
