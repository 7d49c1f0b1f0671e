import { type AckGroup, createAllowance, down, RATE_BURST_S, up } from '@breakwater/protocol';
import { CONNECTED, createManualScheduler, createRandom } from '@breakwater/testing';
import { expect, it } from 'vitest';
import { createPacer } from '../src/connection/pacer.ts';
import { createSession, REPLY_DEADLINE_MS } from '../src/connection/session.ts';

const LIMITS = { ...CONNECTED.limits, maxMessagesPerSecond: 10, maxBytesPerSecond: 1_000_000 };
const NO_GROUPS: readonly AckGroup[] = [];

function open() {
  const scheduler = createManualScheduler();
  const sent: { readonly at: number; readonly frame: Uint8Array }[] = [];
  const deadlines: string[] = [];
  const runner = createSession({
    connected: { ...CONNECTED, limits: LIMITS },
    scheduler,
    send: (frame) => sent.push({ at: scheduler.now(), frame }),
    onRows: () => {},
    onDeadline: (_, cause) => deadlines.push(cause),
  });
  return { ...runner, scheduler, sent, deadlines };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('[LM3] a session sends at once what it may, the rest in its order as time brings it', () => {
  const { session, scheduler, sent } = open();
  for (let channel = 1; channel <= 70; channel++) session.tell({ type: 'room-close', channel });
  expect(sent).toHaveLength(50);
  scheduler.advance(1_000);
  expect(sent).toHaveLength(60);
  scheduler.advance(1_000);
  expect(sent.map(({ frame }) => up.decode(frame))).toEqual(
    Array.from({ length: 70 }, (_, i) => ({ type: 'room-close', channel: i + 1 })),
  );
});

it('[LM3] the deadline of a request begins when it leaves; nothing leaves after the end', async () => {
  const { session, receive, end, scheduler, sent, deadlines } = open();
  for (let i = 0; i < 49; i++) session.tell({ type: 'blob-lacks', digests: [] });
  const requests = Array.from({ length: 3 }, () =>
    session.request({ type: 'push', atomic: false, groups: [] }, ({ groups }) => groups),
  );
  receive(answerTo(1));
  expect(await requests[0]).toEqual(NO_GROUPS);
  scheduler.advance(100);
  expect(sent).toHaveLength(51);
  scheduler.advance(REPLY_DEADLINE_MS - 1);
  expect(deadlines).toEqual([]);
  scheduler.advance(1);
  expect(deadlines).toHaveLength(1);
  for (let i = 0; i < 200; i++) session.tell({ type: 'blob-lacks', digests: [] });
  const before = sent.length;
  end('the test is over');
  scheduler.advance(60_000);
  await Promise.allSettled(requests);
  await turn();
  expect(sent).toHaveLength(before);
  expect(scheduler.waiting).toBe(0);
});

it('[LM4] what a client paces never goes beyond what the server takes, also over a line that stands still', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = createRandom(seed);
    const scheduler = createManualScheduler();
    const pacer = createPacer({ limits: LIMITS, scheduler });
    const server = createAllowance({ limits: LIMITS, burstS: RATE_BURST_S, now: scheduler.now });
    let onTheWay: number[] = [];
    let isStill = false;
    let refused = 0;
    let taken = 0;
    const arrive = () => {
      for (const bytes of onTheWay) {
        if (server.take(bytes)) taken += bytes;
        else refused += 1;
      }
      onTheWay = [];
    };
    const goes = (bytes: number) => {
      onTheWay.push(bytes);
      if (!isStill) arrive();
    };
    // A hundred mebibytes in pieces, and small messages between them.
    for (let left = 100 * 2 ** 20; left > 0; ) {
      const bytes = random.int(2) === 0 ? 64 * 1024 : 1 + random.int(200);
      left -= bytes;
      pacer.pass(bytes, () => goes(bytes));
    }
    for (let second = 0; second < 400; second += 5) {
      isStill = true;
      scheduler.advance(random.int(4_900));
      isStill = false;
      arrive();
      scheduler.advance(5_000);
    }
    expect({ seed, refused }).toEqual({ seed, refused: 0 });
    expect(taken).toBeGreaterThan(100 * 2 ** 20);
  }
});

function answerTo(request: number) {
  const message = down.decode(down.encode({ type: 'ack', request, groups: NO_GROUPS }));
  if (message === undefined) throw new Error('an ack is a message');
  return message;
}
