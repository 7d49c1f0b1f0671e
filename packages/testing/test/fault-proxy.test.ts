import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, type FaultProxyOptions, type FrameCut, startFaultProxy } from '../src/fault-proxy.ts';
import { createManualScheduler } from '../src/manual-scheduler.ts';
import { connectTo, startTcpServer, type TcpEnd, type TcpServer } from './tcp-ends.ts';

const cleanUps: (() => unknown)[] = [];
let server: TcpServer;

beforeEach(async () => {
  server = await startTcpServer();
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await server.end();
});

async function startProxy(options: Omit<FaultProxyOptions, 'to'> = {}): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ to: server.port, ...options });
  cleanUps.push(proxy.end);
  return proxy;
}

function connectThrough(proxy: FaultProxy): TcpEnd {
  const client = connectTo(proxy.port);
  cleanUps.push(client.destroy);
  return client;
}

/** A client and the server, with the proxy between them. */
async function connectBoth(options: Omit<FaultProxyOptions, 'to'> = {}) {
  const proxy = await startProxy(options);
  const client = connectThrough(proxy);
  const peer = await server.accepts();
  return { proxy, client, peer };
}

const isUnderWay = (proxy: FaultProxy, bytes: number) => expect.poll(() => proxy.waiting, { interval: 1 }).toBe(bytes);

/** All that was said before has passed once this came back. */
async function makeRoundTrip(client: TcpEnd, peer: TcpEnd): Promise<void> {
  const [before, answered] = [peer.heard, client.heard];
  client.say('?');
  await peer.hears(`${before}?`);
  peer.say('!');
  await client.hears(`${answered}!`);
}

describe('the fault proxy', () => {
  it('[FP1] passes on what is said, in both directions, and that a side ends', async () => {
    const { proxy, client, peer } = await connectBoth();
    client.say('up');
    await peer.hears('up');
    peer.say('down'.repeat(50_000));
    await client.hears('down'.repeat(50_000));
    client.end();
    await peer.isToldTheEnd();
    peer.say('the last word');
    await client.hears(`${'down'.repeat(50_000)}the last word`);
    peer.end();
    await client.closes();
    await expect.poll(() => proxy.open).toBe(0);
  });

  it('[FP1] passes on that a side breaks off, and that there is no server', async () => {
    const { proxy, client, peer } = await connectBoth();
    peer.destroy();
    await client.isToldTheEnd();
    client.destroy();
    await server.end();
    const late = connectThrough(proxy);
    await late.isToldTheEnd();
    server = await startTcpServer();
  });

  it('[FP1] ends what it opened', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.swallow();
    const second = connectThrough(proxy);
    await expect.poll(() => proxy.open).toBe(2);
    await proxy.end();
    await Promise.all([client, peer, second].map((end) => end.isToldTheEnd()));
    const late = connectThrough(proxy);
    await late.closes();
    expect(proxy.open).toBe(0);
  });

  it('[FP2] takes its time, more or less, and keeps the order', async () => {
    const scheduler = createManualScheduler();
    const jitter = [0.5, 0, 1];
    const { proxy, client, peer } = await connectBoth({ scheduler, random: () => jitter.shift() ?? 0 });
    proxy.slow({ latencyMs: 300, jitterMs: 100 });
    client.say('one ');
    await isUnderWay(proxy, 4);
    scheduler.advance(100);
    client.say('two ');
    await isUnderWay(proxy, 8);
    scheduler.advance(249);
    expect(proxy.waiting).toBe(8);
    // The second is due at 400 ms.
    scheduler.advance(1);
    await peer.hears('one ');
    scheduler.advance(49);
    expect(proxy.waiting).toBe(4);
    scheduler.advance(1);
    await peer.hears('one two ');
  });

  it('[FP2] never lets the later overtake the earlier', async () => {
    const scheduler = createManualScheduler();
    const jitter = [1, 0];
    const { proxy, client, peer } = await connectBoth({ scheduler, random: () => jitter.shift() ?? 0 });
    proxy.slow({ latencyMs: 10, jitterMs: 100 });
    client.say('one ');
    await isUnderWay(proxy, 4);
    client.say('two');
    await isUnderWay(proxy, 7);
    scheduler.advance(109);
    expect(proxy.waiting).toBe(7);
    scheduler.advance(1);
    await peer.hears('one two');
  });

  it('[FP2] lets through so many bytes a second', async () => {
    const scheduler = createManualScheduler();
    const { proxy, client, peer } = await connectBoth({ scheduler });
    proxy.narrow({ bytesPerSecond: 1_400 });
    client.say('x'.repeat(14_000));
    await isUnderWay(proxy, 14_000 - 1_400);
    scheduler.advance(4_000);
    expect(proxy.waiting).toBe(14_000 - 5 * 1_400);
    proxy.heal();
    await peer.hears('x'.repeat(14_000));
  });

  it('[FP3] cuts both sides off', async () => {
    const { proxy, client, peer } = await connectBoth();
    await makeRoundTrip(client, peer);
    proxy.cut();
    await Promise.all([client.isToldTheEnd(), peer.isToldTheEnd()]);
    const next = connectThrough(proxy);
    await makeRoundTrip(next, await server.accepts(2));
  });

  it.each([1, 5, 11])('[FP3] cuts after exactly %i bytes of a direction, the other one goes with it', async (bytes) => {
    const proxy = await startProxy();
    proxy.cutAfter({ up: bytes });
    const client = connectThrough(proxy);
    client.say('hello');
    client.say(' world');
    const peer = await server.accepts();
    await Promise.all([client.isToldTheEnd(), peer.isToldTheEnd()]);
    expect(peer.heard).toBe('hello world'.slice(0, bytes));
    const next = connectThrough(proxy);
    await makeRoundTrip(next, await server.accepts(2));
  });

  it.each([
    [{ frame: 0, at: 'before' }, 0],
    [{ frame: 0, at: 'inside' }, 16],
    [{ frame: 0, at: 'after' }, 20],
    [{ frame: 1, at: 'before' }, 20],
    [{ frame: 1, at: 'inside' }, 25],
    [{ frame: 1, at: 'after' }, 29],
    [{ frame: 2, at: 'before' }, 29],
    [{ frame: 2, at: 'inside' }, 182],
    [{ frame: 2, at: 'after' }, 335],
    [{ frame: 3, at: 'inside' }, 336],
    [{ frame: 3, at: 'after' }, 337],
  ] satisfies [Omit<FrameCut, 'direction'>, number][])('[FP4] cuts %j', async (cut, bytes) => {
    const proxy = await startProxy();
    proxy.cutAtFrame({ direction: 'up', ...cut });
    const client = connectThrough(proxy);
    // Byte by byte for the reader, who must not depend on how it comes.
    for (const byte of WEBSOCKET) client.say(byte);
    const peer = await server.accepts();
    await Promise.all([client.isToldTheEnd(), peer.isToldTheEnd()]);
    expect(peer.heard).toBe(WEBSOCKET.slice(0, bytes));
  });

  it('[FP4] names the frames that went through, and cuts in the connection that was meant', async () => {
    const passed: string[] = [];
    const proxy = await startProxy({
      onFrame: ({ connection, direction, frame }) => passed.push(`${connection} ${direction} ${frame}`),
    });
    proxy.cutAtFrame({ direction: 'down', frame: 1, at: 'after', connection: 2 });
    for (const number of [1, 2]) {
      const client = connectThrough(proxy);
      client.say(WEBSOCKET);
      const peer = await server.accepts(number);
      await peer.hears(WEBSOCKET);
      peer.say(WEBSOCKET);
      await client.hears(number === 1 ? WEBSOCKET : WEBSOCKET.slice(0, 29));
    }
    expect(passed.slice(0, 8)).toEqual(
      ['up', 'down'].flatMap((way) => [0, 1, 2, 3].map((frame) => `1 ${way} ${frame}`)),
    );
  });

  it('[FP5] is a black hole: nothing comes through, nothing is closed, and it never gives back', async () => {
    const { proxy, client, peer } = await connectBoth();
    await makeRoundTrip(client, peer);
    proxy.swallow();
    const second = connectThrough(proxy);
    second.say('hello?');
    client.say('hello?');
    client.end();
    peer.say('hello?');
    await expect.poll(() => proxy.open).toBe(2);
    proxy.heal();
    const third = connectThrough(proxy);
    await makeRoundTrip(third, await server.accepts(2));
    expect(proxy.accepted).toBe(3);
    expect([client.heard, client.isEnded, peer.heard, peer.isEnded]).toEqual(['!', false, '?', false]);
    expect([second.heard, second.isEnded]).toEqual(['', false]);
  });

  it.each(['up', 'down'] as const)('[FP6] half-closes: %s it has ended, the other way goes on', async (direction) => {
    const { proxy, client, peer } = await connectBoth();
    await makeRoundTrip(client, peer);
    const [sender, receiver] = direction === 'up' ? [client, peer] : [peer, client];
    const heard = receiver.heard;
    proxy.halfClose(direction);
    await receiver.isToldTheEnd();
    sender.say('too late');
    receiver.say('still here');
    await sender.hears(`${sender.heard}still here`);
    expect(receiver.heard).toBe(heard);
    expect(sender.isEnded).toBe(false);
  });

  it('[FP7] refuses new connections, and leaves the others alone', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.refuse();
    const refused = connectThrough(proxy);
    await refused.closes();
    expect([proxy.accepted, server.accepted]).toEqual([1, 1]);
    await makeRoundTrip(client, peer);
    proxy.heal();
    await makeRoundTrip(connectThrough(proxy), await server.accepts(2));
  });

  it('[FP8] stalls, and goes on where it stopped', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.stall();
    client.say('wait');
    peer.say('for me');
    await isUnderWay(proxy, 10);
    client.end();
    expect([peer.heard, client.heard]).toEqual(['', '']);
    proxy.goOn();
    await peer.hears('wait');
    await client.hears('for me');
    await peer.isToldTheEnd();
  });

  it('[FP8] stalls in one direction only', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.stall('down');
    client.say('one way');
    await peer.hears('one way');
    peer.say('not the other');
    await isUnderWay(proxy, 13);
    expect(client.heard).toBe('');
    proxy.heal();
    await client.hears('not the other');
  });

  it('[FP8] holds little itself: the sender feels that the line is full', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.stall('down');
    const megabyte = 'x'.repeat(2 ** 20);
    while (peer.unsent === 0) {
      peer.say(megabyte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(proxy.waiting).toBeLessThan(2 ** 18);
    const unsent = peer.unsent;
    proxy.goOn();
    await expect.poll(() => peer.unsent).toBe(0);
    expect(unsent).toBeGreaterThan(0);
    expect(client.heard.length).toBeGreaterThan(2 ** 18);
  });

  it('[FP9] lets every byte go by itself', async () => {
    const { proxy, client, peer } = await connectBoth();
    proxy.trickle();
    client.say('x'.repeat(500));
    await peer.hears('x'.repeat(500));
    expect(peer.chunks.length).toBeGreaterThan(250);
  });
});

/** A head of 20 bytes, and frames with short, long and no content, the first one masked. */
const WEBSOCKET = [
  'GET / HTTP/1.1\r\n\r\n'.padStart(20, 'x'),
  '\x82\x83mask123',
  `\x82\x7e\x01\x2e${'y'.repeat(302)}`,
  '\x89\x00',
].join('');
