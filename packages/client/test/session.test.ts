import { up } from '@breakwater/protocol';
import { CONNECTED, createManualScheduler } from '@breakwater/testing';
import { expect, it } from 'vitest';
import { createSession } from '../src/connection/session.ts';

function open(scheduler = createManualScheduler()) {
  const sent: (string | undefined)[] = [];
  const runner = createSession({
    connected: CONNECTED,
    scheduler,
    send: (frame) => sent.push(up.decode(frame)?.type),
    onRows: () => {},
    onDeadline: () => {},
  });
  return { ...runner, sent };
}

const push = { type: 'push', atomic: false, groups: [] } as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('[TF3] a session tells when no push waits for its ack any more', async () => {
  const { session, receive } = open();
  await session.pushesAnswered();
  for (let i = 0; i < 2; i++) void session.request(push, () => {});
  let isAnswered = false;
  void session.pushesAnswered().then(() => {
    isAnswered = true;
  });
  receive({ type: 'ack', request: 1, groups: [] });
  await turn();
  expect(isAnswered).toBe(false);
  receive({ type: 'ack', request: 2, groups: [] });
  await turn();
  expect(isAnswered).toBe(true);
});

it('[TF3] … or that the link is gone; on that nothing is said any more', async () => {
  const { session, end, sent } = open();
  session.request(push, () => {}).catch(() => {});
  const answered = session.pushesAnswered();
  end('the test is over');
  await answered;
  session.tell({ type: 'blob-lacks', digests: [] });
  expect(sent).toEqual(['push']);
});

it('[TF3] a session tells how long ago rows went up', async () => {
  const scheduler = createManualScheduler();
  const { session, receive } = open(scheduler);
  expect(session.sincePushMs()).toBe(Number.POSITIVE_INFINITY);
  void session.request(push, () => {});
  scheduler.advance(50);
  expect(session.sincePushMs()).toBe(0);
  receive({ type: 'ack', request: 1, groups: [] });
  scheduler.advance(70);
  expect(session.sincePushMs()).toBe(70);
});
