import { quantile } from '../measure.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { startCountingProxy } from '../peers/proxy.ts';
import { onEach, type Scenario } from './scenario.ts';

const ROWS = 100;
const PATCHES = 1_000;
const COUNTED = 100;

/** One field of one row, again and again, each time until the other client's query shows it. */
export const patch: Scenario = {
  name: 'patch',
  about: 'one field of a row until the other client shows it, and the bytes that take it there',
  besideOthers: true,
  async measure(others) {
    const pick = await onEach(['floor', ...others], async (peer) => ({
      latencies: await latencies(peer),
      ...(await bytes(peer)),
    }));
    const line = (share: number, ratio: number) => ({
      name: `patch until the other's query shows it, p${share * 100}`,
      unit: 'ms',
      ...pick((measured) => quantile(measured.latencies, share)),
      goal: { ratio },
    });
    const goal = { atMost: 45 };
    return [
      line(0.5, 1.25),
      line(0.99, 1.4),
      { name: 'bytes of a patch, up', unit: 'B', ...pick(({ up }) => up), goal },
      { name: 'bytes of a patch, down', unit: 'B', ...pick(({ down }) => down), goal },
    ];
  },
};

async function latencies(peer: RunningPeer): Promise<number[]> {
  const [writer, reader] = [await peer.client(), await peer.client()];
  await reader.call('watch', [], ROWS, 0);
  await writer.call('write', 0, ROWS);
  await reader.call('seen');
  const taken: number[] = [];
  for (let update = 1; update <= PATCHES; update++) {
    await reader.call('watchRow', update % ROWS, update);
    const began = await writer.call('patchRow', update % ROWS, update);
    taken.push((await reader.call('seen')) - began);
  }
  return taken;
}

/** A second pair, behind proxies: what the writer sends and what the reader receives for a patch. */
async function bytes(peer: RunningPeer): Promise<{ up: number; down: number }> {
  const [writerProxy, readerProxy] = [await startCountingProxy(peer.port), await startCountingProxy(peer.port)];
  const [writer, reader] = [await peer.client(1, writerProxy.port), await peer.client(1, readerProxy.port)];
  await Promise.all([writerProxy.counted(), readerProxy.counted()]);
  for (let update = 1; update <= COUNTED; update++) {
    const row = update % ROWS;
    await reader.call('watchRow', row, PATCHES + update);
    await writer.call('patchRow', row, PATCHES + update);
    await reader.call('seen');
  }
  await writer.call('acknowledged');
  const [sent, received] = [await writerProxy.counted(), await readerProxy.counted()];
  await Promise.all([writerProxy.end(), readerProxy.end()]);
  return { up: sent.up / COUNTED, down: received.down / COUNTED };
}
