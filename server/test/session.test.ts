import { FIRST_OPTIONAL_KIND, MIN_PROTOCOL_VERSION, PROTOCOL_VERSION, type UpMessage, up } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import type { ProposedWrite } from '../src/authorize.ts';
import type { Hub } from '../src/hub.ts';
import { AuthenticationError } from '../src/identity.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Peer } from '../src/stream.ts';
import { createHubWorld, notes, rowOf } from './hub-world.ts';
import { CONNECT, createSessionWorld } from './session-world.ts';

const PULL: UpMessage = { type: 'pull', request: 1, collection: 'notes', checkpoint: 0, maxRows: 10 };

test('[SE1] connect is answered by connected, with who one is', async () => {
  const { socket, settle } = createSessionWorld({ authenticate: async (token) => ({ tenant: 'acme', user: token }) });
  socket.hear(CONNECT);
  await settle();
  expect(socket.sent).toMatchObject([
    { type: 'connected', version: PROTOCOL_VERSION, tenant: 'acme', user: 'let me in', labels: ['acme'] },
  ]);
});

test('[SE2] a session must be live after 10 s, whatever it sends meanwhile', async () => {
  const { socket, scheduler } = createSessionWorld({ authenticate: () => new Promise(() => {}) });
  scheduler.advance(9_000);
  socket.hear(CONNECT);
  scheduler.advance(999);
  expect(socket.events).toEqual([]);
  scheduler.advance(1);
  expect(socket.events).toEqual(['resume', 'close 1013 no session within 10 s']);
});

test('[SE2] at most 16 KiB are taken before connected', async () => {
  const { socket, settle } = createSessionWorld({ authenticate: () => new Promise(() => {}) });
  socket.hear(CONNECT);
  socket.hearFrame(new Uint8Array(16 * 1024));
  await settle();
  expect(socket.events).toEqual(['resume', 'close 1009 too much before connected']);
});

test('[SE3] a token that is not good closes with 4401 and the reason that was meant for the client', async () => {
  const { socket, settle } = createSessionWorld({
    authenticate: () => {
      throw new AuthenticationError(`expired ${'é'.repeat(200)}`);
    },
  });
  socket.hear(CONNECT);
  await settle();
  expect(socket.events.at(-1)).toBe(`close 4401 expired ${'é'.repeat(57)}`);
});

test('[SE3] an authenticate that breaks closes with 4401 and tells its fault to the log alone', async () => {
  for (const authenticate of [
    async () => Promise.reject(new Error('db password wrong')),
    () => ({ tenant: '', user: 'x' }),
  ]) {
    const { socket, logged, settle } = createSessionWorld({ authenticate });
    socket.hear(CONNECT);
    await settle();
    expect(socket.events.at(-1)).toBe('close 4401 the token was not accepted');
    expect(logged).toHaveLength(1);
  }
});

test('[SE4] versions that do not meet close with 4426, also when the rest of connect does not decode', async () => {
  const future = Uint8Array.of(1, 200, 1, 201, 1, 77, 77, 77);
  const { socket, settle } = createSessionWorld();
  socket.hearFrame(future);
  await settle();
  expect(socket.events.at(-1)).toBe(
    `close 4426 the server speaks the versions ${MIN_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}, the client 200 to 201`,
  );
});

const BAD: readonly [name: string, frame: Uint8Array, isBinary: boolean][] = [
  ['an empty frame', new Uint8Array(), true],
  ['an unknown kind', Uint8Array.of(63), true],
  ['a body cut short', up.encode(CONNECT).subarray(0, 6), true],
  ['bytes after the end', Uint8Array.of(...up.encode(CONNECT), 0), true],
  ['a kind without end', new Uint8Array(20).fill(255), true],
  ['a text frame', up.encode(CONNECT), false],
  ['a push before connect', up.encode({ type: 'push', request: 1, atomic: false, groups: [] }), true],
];
for (const [name, frame, isBinary] of BAD) {
  test(`[SE5] ${name} closes with 1007`, async () => {
    const { socket, settle } = createSessionWorld();
    socket.hearFrame(frame, isBinary);
    await settle();
    expect(socket.events.at(-1)).toMatch(/^close 1007 ./);
  });
}

test('[SE5] a live session is closed with 1007 for what does not decode, and for a second connect', async () => {
  for (const frame of [Uint8Array.of(3, 255), up.encode(CONNECT)]) {
    const { socket, goLive, settle } = createSessionWorld();
    await goLive();
    socket.hearFrame(frame);
    await settle();
    expect(socket.events.at(-1)).toMatch(/^close 1007 ./);
  }
});

test('[SE6] an unknown optional message is skipped', async () => {
  const { socket, goLive, settle } = createSessionWorld();
  socket.hearFrame(Uint8Array.of(FIRST_OPTIONAL_KIND, 1, 2, 3));
  await goLive();
  socket.hearFrame(Uint8Array.of(FIRST_OPTIONAL_KIND, 1, 2, 3));
  socket.hear({ type: 'ping', request: 7 });
  await settle();
  expect(socket.sent.at(-1)).toEqual({ type: 'pong', request: 7, reconnectSpreadMs: 250 });
});

test('[SE7] messages are answered in the order of their arrival', async () => {
  const { socket, goLive, settle } = createSessionWorld();
  await goLive();
  socket.hear({ type: 'push', request: 1, atomic: false, groups: [notes(rowOf('a', {}))] });
  socket.hear({ ...PULL, request: 2 });
  socket.hear({ type: 'ping', request: 3 });
  await settle();
  expect(socket.events).toEqual(['ack', 'page', 'pong']);
});

test('[SE7] what comes after a push waits until authorize has answered', async () => {
  let allow = (_: boolean) => {};
  const authorize = () => {
    return new Promise<boolean>((resolve) => {
      allow = resolve;
    });
  };
  const { socket, goLive, settle } = createSessionWorld({ hub: createHubWorld({ authorize }) });
  await goLive();
  socket.hear({ type: 'push', request: 1, atomic: false, groups: [notes(rowOf('a', {}))] });
  socket.hear({ ...PULL, request: 2 });
  await settle();
  expect(socket.events).toEqual([]);
  allow(true);
  await settle();
  expect(socket.events).toEqual(['ack', 'page']);
});

test('[HB50] authorize is told the user that authenticate answered', async () => {
  const asked: ProposedWrite[] = [];
  const hub = createHubWorld({ authorize: (write) => asked.push(write) > 0 });
  const authenticate = () => ({ tenant: 'acme', user: 'berta', labels: ['crew'] });
  const { socket, goLive, settle } = createSessionWorld({ hub, authenticate });
  await goLive();
  socket.hear({ type: 'push', request: 1, atomic: false, groups: [notes(rowOf('a', {}))] });
  await settle();
  expect(asked).toMatchObject([{ tenant: 'acme', user: 'berta', labels: ['crew'] }]);
});

test('[SE8] a peer that answers no ping for 10 s is dropped; any sign of life counts', async () => {
  const { socket, scheduler, goLive, settle } = createSessionWorld();
  await goLive();
  scheduler.advance(25_000);
  socket.emit('pong');
  scheduler.advance(25_000);
  socket.hear({ type: 'ping', request: 1 });
  await settle();
  scheduler.advance(25_000 + 9_999);
  expect(socket.events).toEqual(['ping', 'ping', 'pong', 'ping']);
  scheduler.advance(1);
  expect(socket.events.at(-1)).toBe('terminate');
});

test('[SE8] while bytes are unsent silence is excused, for a minute', async () => {
  const { socket, scheduler, goLive } = createSessionWorld();
  await goLive();
  socket.bufferedAmount = 1;
  scheduler.advance(25_000 + 59_999);
  expect(socket.events).toEqual(['ping']);
  scheduler.advance(1);
  expect(socket.events).toEqual(['ping', 'terminate']);
});

test('[SE9] with more than 1 MiB unsent neither news nor answers are added; drained, both go on', async () => {
  const hub = createHubWorld();
  const { socket, goLive, settle } = createSessionWorld({ hub });
  await hub
    .join('default')
    .push(notes(...Array.from({ length: 8 }, (_, i) => rowOf(`r${i}`, { body: 'x'.repeat(250_000) }))));
  await goLive();
  socket.isStuck = true;
  socket.hear({ ...PULL, checkpoint: 7 });
  await settle();
  for (let i = 0; i < 7; i++) socket.hear({ ...PULL, request: 10 + i, checkpoint: i, collection: 'notes' });
  // After each page others have their turn.
  await settle();
  await settle();
  expect(socket.events).toEqual(['page', 'page', 'page', 'page', 'page']);
  socket.flush();
  await settle();
  expect(socket.events).toHaveLength(8);
});

test('[SE9] a consumer that does not drain within 60 s is closed with 1013, and dropped if it does not even say goodbye', async () => {
  const hub = createHubWorld();
  const { socket, scheduler, goLive, settle } = createSessionWorld({ hub });
  await goLive();
  socket.isStuck = true;
  socket.hear(PULL);
  await settle();
  for (let i = 0; i < 6; i++) await hub.join('default').push(notes(rowOf(`r${i}`, { body: 'x'.repeat(250_000) })));
  expect(socket.events).toEqual(['page', 'rows', 'rows', 'rows', 'rows', 'rows']);
  socket.emit('pong');
  scheduler.advance(60_000);
  expect(socket.events.slice(-2)).toEqual(['resume', 'close 1013 too much is unread']);
  scheduler.advance(5_000);
  expect(socket.events.at(-1)).toBe('terminate');
});

test('[SE10] a client that floods is read no faster than it is answered', async () => {
  const inner = openSqliteStore(':memory:');
  const gate = Promise.withResolvers<void>();
  const hub = createHubWorld({
    store: { ...inner, commit: (...args) => gate.promise.then(() => inner.commit(...args)) },
  });
  const { socket, goLive, settle } = createSessionWorld({ hub });
  await goLive();
  for (let i = 0; i < 6; i++) {
    socket.hear({
      type: 'push',
      request: i + 1,
      atomic: false,
      groups: [notes(rowOf(`r${i}`, { body: 'x'.repeat(250_000) }))],
    });
  }
  expect(socket.events).toEqual(['pause']);
  gate.resolve();
  for (let i = 0; i < 5; i++) await settle();
  expect(socket.events.filter((event) => event === 'ack')).toHaveLength(6);
  expect(socket.events.filter((event) => event === 'resume')).toHaveLength(1);
});

test('[SE11] a socket that breaks or closes ends its session: nothing is sent any more, no timer is left', async () => {
  const hub = createHubWorld();
  const { socket, scheduler, goLive, settle } = createSessionWorld({ hub });
  await goLive();
  socket.hear(PULL);
  socket.hear({ type: 'push', request: 2, atomic: false, groups: [notes(rowOf('a', {}))] });
  socket.emit('error', new Error('ECONNRESET'));
  socket.emit('close');
  await settle();
  await hub.join('default').push(notes(rowOf('b', {})));
  expect(socket.events).toEqual(['page']);
  expect(scheduler.waiting).toBe(0);
});

test('[HB31] a session that the hub ends is told to come back, and why', async () => {
  const hub = createHubWorld();
  const peers: Peer[] = [];
  const join: Hub['join'] = (peer) => {
    peers.push(peer);
    return hub.hub.join(peer);
  };
  const { socket, goLive } = createSessionWorld({ hub: { ...hub, hub: { ...hub.hub, join } } });
  await goLive();
  peers[0]?.end('it missed something');
  expect(socket.events.at(-1)).toBe('close 1013 it missed something');
});
