import { median } from '../measure.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { onEach, type Scenario } from './scenario.ts';

const PATCHES = 100;
const SUBSCRIBERS = 100;
/** In one process: a hundred processes would fight for the processors, and RxDB's free core opens no more databases. */
const SUBSCRIBERS_OF_PROCESS = 12;

/** One field of one row, until the last of many clients shows it. */
export const fanOut: Scenario = {
  name: 'fan-out',
  about: `one field of a row until the last of ${SUBSCRIBERS} clients shows it`,
  besideOthers: true,
  async measure(others) {
    const pick = await onEach(['floor', ...others], (peer) => fanOutTo(peer, SUBSCRIBERS));
    return [
      {
        name: `patch until the last of ${SUBSCRIBERS} shows it, p50`,
        unit: 'ms',
        ...pick(({ ms }) => ms),
        goal: { ratio: 1.6 },
      },
      {
        name: `CPU of the server in ${PATCHES} of them`,
        unit: 's',
        ...pick(({ cpu }) => cpu),
        goal: { atMost: 0.14 },
      },
    ];
  },
};

async function fanOutTo(peer: RunningPeer, subscribers: number): Promise<{ ms: number; cpu: number }> {
  const writer = await peer.client();
  await writer.call('write', 0, 1);
  await writer.call('acknowledged');
  const processes = Math.ceil(subscribers / SUBSCRIBERS_OF_PROCESS);
  const readers = await Promise.all(
    Array.from({ length: processes }, (_, i) => peer.client(Math.floor((subscribers + i) / processes))),
  );
  const before = await peer.server.usage();
  const taken: number[] = [];
  for (let update = 1; update <= PATCHES; update++) {
    await Promise.all(readers.map((reader) => reader.call('watchRow', 0, update)));
    const began = await writer.call('patchRow', 0, update);
    taken.push(Math.max(...(await Promise.all(readers.map((reader) => reader.call('seen'))))) - began);
  }
  const after = await peer.server.usage();
  return { ms: median(taken), cpu: (after.cpuMs - before.cpuMs) / 1000 };
}
