import type { RunningPeer } from '../peers/peer.ts';
import { startCountingProxy } from '../peers/proxy.ts';
import { onEach, type Scenario } from './scenario.ts';

const ROWS = 5_000;

/** Many rows go up to a server and to another client, then down to a new one. */
export const firstSync: Scenario = {
  name: 'first-sync',
  about: `${ROWS} new rows to the server and another client, and into a new client`,
  besideOthers: true,
  async measure(others) {
    const pick = await onEach(['floor', ...others], syncAll);
    return [
      {
        name: `${ROWS} rows until the other client has all`,
        unit: 'ms',
        ...pick(({ toOther }) => toOther),
        goal: { ratio: 2.5 },
      },
      {
        name: `${ROWS} rows until acknowledged`,
        unit: 'ms',
        ...pick(({ toAck }) => toAck),
        goal: { ratio: 2.5 },
      },
      { name: 'of it, writing them on the device', unit: 'ms', ...pick(({ local }) => local) },
      { name: `cold pull of ${ROWS} rows`, unit: 'ms', ...pick(({ pull }) => pull), goal: { ratio: 3 } },
      {
        name: 'bytes received in it',
        unit: 'kB',
        ...pick(({ pullKilobytes }) => pullKilobytes),
        goal: { atMost: 700 },
      },
      { name: 'CPU of the server in all of it', unit: 'ms', ...pick(({ cpuMs }) => cpuMs) },
      { name: 'peak memory of the server', unit: 'MB', ...pick(({ peak }) => peak) },
    ];
  },
};

async function syncAll(peer: RunningPeer) {
  const writer = await peer.client();
  const other = await peer.client();
  const before = await peer.server.usage();
  const held = other.call('holds', ROWS);
  const { began, ended } = await writer.call('write', 0, ROWS);
  const acknowledged = await writer.call('acknowledged');
  const toOther = (await held) - began;

  const fresh = await peer.offlineClient();
  const pullBegan = await fresh.call('connect');
  const pull = (await fresh.call('holds', ROWS)) - pullBegan;

  const proxy = await startCountingProxy(peer.port);
  await peer.client(1, proxy.port);
  const { down } = await proxy.counted();
  await proxy.end();

  const after = await peer.server.usage();
  return {
    toOther,
    toAck: acknowledged === undefined ? undefined : acknowledged - began,
    local: ended - began,
    pull,
    pullKilobytes: down / 1000,
    cpuMs: after.cpuMs - before.cpuMs,
    peak: after.peakBytes / 1e6,
  };
}
