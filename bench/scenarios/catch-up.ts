import type { RunningPeer } from '../peers/peer.ts';
import { startCountingProxy } from '../peers/proxy.ts';
import { on, onBoth, type Scenario } from './scenario.ts';

const ROWS = 200;
const EDITS_OF_A_ROW = 5;

/** A client was away while others wrote; and two of them were, while both wrote. */
export const catchUp: Scenario = {
  name: 'catch-up',
  about: `back after ${ROWS * EDITS_OF_A_ROW} missed edits of ${ROWS} rows; ${ROWS} rows edited by two clients offline`,
  async measure() {
    const { floor, ours } = await onBoth(missed);
    const kept = await on('breakwater', editedOnBothSides);
    return [
      {
        name: `back after ${ROWS * EDITS_OF_A_ROW} missed edits of ${ROWS} rows`,
        unit: 'ms',
        floor: floor.ms,
        ours: ours.ms,
        goal: { ratio: 2.2 },
      },
      { name: 'bytes received in it', unit: 'kB', floor: floor.kilobytes, ours: ours.kilobytes, goal: { atMost: 15 } },
      {
        name: `${ROWS} rows edited on both sides offline, until both clients show both`,
        unit: 'ms',
        floor: undefined,
        ours: kept,
        goal: { atMost: 90 },
      },
    ];
  },
};

async function missed(peer: RunningPeer): Promise<{ ms: number; kilobytes: number }> {
  const writer = await peer.client();
  const proxy = await startCountingProxy(peer.port);
  // One is timed, the other one counted.
  const [away, counted] = [await peer.client(), await peer.client(1, proxy.port)];
  await away.call('watch', [], ROWS, 0);
  await counted.call('watch', [], ROWS, 0);
  await writer.call('write', 0, ROWS);
  await Promise.all([away.call('seen'), counted.call('seen')]);
  for (const client of [away, counted]) await client.call('disconnect');
  for (let update = 1; update <= EDITS_OF_A_ROW; update++) {
    await writer.call('patch', 'body', ROWS, update);
    await writer.call('acknowledged');
  }
  await away.call('watch', ['body'], ROWS, EDITS_OF_A_ROW);
  const began = await away.call('connect');
  const ms = (await away.call('seen')) - began;
  await proxy.counted();
  await counted.call('watch', ['body'], ROWS, EDITS_OF_A_ROW);
  await counted.call('connect');
  await counted.call('seen');
  const { down } = await proxy.counted();
  await proxy.end();
  return { ms, kilobytes: down / 1000 };
}

async function editedOnBothSides(peer: RunningPeer): Promise<number> {
  const clients = [await peer.client(), await peer.client()] as const;
  const [one, other] = clients;
  await other.call('watch', [], ROWS, 0);
  await one.call('write', 0, ROWS);
  await other.call('seen');
  await one.call('acknowledged');
  for (const client of clients) await client.call('disconnect');
  await one.call('patch', 'body', ROWS, 1);
  await other.call('patch', 'place', ROWS, 1);
  for (const client of clients) await client.call('watch', ['body', 'place'], ROWS, 1);
  const began = Math.min(...(await Promise.all(clients.map((client) => client.call('connect')))));
  return Math.max(...(await Promise.all(clients.map((client) => client.call('seen'))))) - began;
}
