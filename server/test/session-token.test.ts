import { expect, test } from 'vitest';
import type { Identity } from '../src/identity.ts';
import { createSessionWorld } from './session-world.ts';

const MINUTE_MS = 60_000;

/** The token says who it is of and when it expires: `ada 60000`, `ada 60000 label`. */
function authenticate(token: string): Identity {
  const [user = '', expiresAt, ...labels] = token.split(' ');
  if (user === 'bad') throw new Error('no such token');
  return {
    tenant: 'acme',
    user,
    ...(expiresAt === 'never' ? {} : { expiresAt: Number(expiresAt) }),
    ...(labels.length > 0 ? { labels } : {}),
  };
}

async function goLive(token: string) {
  const world = createSessionWorld({ authenticate: (given) => authenticate(given === 'let me in' ? token : given) });
  await world.goLive();
  const renew = async (fresh: string) => {
    world.socket.hear({ type: 'auth', request: 9, token: fresh });
    await world.settle();
  };
  return { ...world, renew };
}

test('[SE12] connected says when the token expires, and at that time the session ends with 4401', async () => {
  const { socket, scheduler } = await goLive(`ada ${MINUTE_MS}`);
  expect(socket.sent.at(-1)).toMatchObject({ type: 'connected', expiresAt: MINUTE_MS });
  await scheduler.advanceAsync(MINUTE_MS - 1);
  expect(socket.events.filter((event) => event.startsWith('close'))).toEqual([]);
  await scheduler.advanceAsync(1);
  expect(socket.events.at(-1)).toBe('close 4401 the token has expired');
});

test('[SE12] a token without an end keeps the session for ever', async () => {
  const { socket, scheduler } = await goLive('ada never');
  expect(socket.sent.at(-1)).toMatchObject({ expiresAt: 0 });
  expect(scheduler.now()).toBe(0);
});

test('[SE13] a fresh token of the same user prolongs the session', async () => {
  const { socket, scheduler, renew } = await goLive(`ada ${MINUTE_MS}`);
  await scheduler.advanceAsync(MINUTE_MS - 5_000);
  await renew(`ada ${3 * MINUTE_MS}`);
  expect(socket.sent.at(-1)).toEqual({ type: 'authed', request: 9, expiresAt: 3 * MINUTE_MS });
  await scheduler.advanceAsync(10_000);
  expect(socket.events.filter((event) => event.startsWith('close'))).toEqual([]);
});

test.each([
  ['of another user', 'bob never', /^close 4403 /],
  ['that is not good', 'bad never', /^close 4401 /],
  ['with other rights', 'ada never secret', /^close 1013 /],
])('[SE13] a token %s ends it', async (_what, token, expected) => {
  const { socket, renew } = await goLive('ada never');
  await renew(token);
  expect(socket.events.at(-1)).toMatch(expected);
});

test('[SE11] a session that ends before its token leaves no timer', async () => {
  const { scheduler, session } = await goLive(`ada ${MINUTE_MS}`);
  session.close(1013, 'the server stops');
  await scheduler.advanceAsync(5_000);
  expect(scheduler.waiting).toBe(0);
});
