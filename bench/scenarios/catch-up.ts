import { setTimeout } from 'node:timers/promises';
import type { RunningPeer } from '../peers/peer.ts';
import { startCountingProxy } from '../peers/proxy.ts';
import { onEach, type Scenario } from './scenario.ts';

const ROWS = 200;
const EDITS_OF_A_ROW = 5;
const EDITED = ['body', 'place'] as const;
/** Who has not shown both edits by then keeps one. */
const MAX_MERGE_MS = 5_000;

/** A client was away while others wrote; and two of them were, while both wrote. */
export const catchUp: Scenario = {
  name: 'catch-up',
  about: `back after ${ROWS * EDITS_OF_A_ROW} missed edits of ${ROWS} rows; ${ROWS} rows edited by two clients offline`,
  besideOthers: true,
  async measure(others) {
    const pick = await onEach(['floor', ...others], missed);
    // The floor sends whole rows and holds none back: two that were away would overwrite each other.
    const pickMerged = await onEach(others, editedOnBothSides);
    return [
      {
        name: `back after ${ROWS * EDITS_OF_A_ROW} missed edits of ${ROWS} rows`,
        unit: 'ms',
        ...pick(({ ms }) => ms),
        goal: { ratio: 2.2 },
      },
      { name: 'bytes received in it', unit: 'kB', ...pick(({ kilobytes }) => kilobytes), goal: { atMost: 15 } },
      {
        name: `${ROWS} rows edited on both sides offline, until both clients show both`,
        unit: 'ms',
        ...pickMerged(({ ms }) => ms),
        goal: { atMost: 90 },
      },
      { name: 'of them, rows that show both', unit: `of ${ROWS}`, ...pickMerged(({ rows }) => rows) },
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

async function editedOnBothSides(peer: RunningPeer): Promise<{ ms: number | undefined; rows: number }> {
  const clients = [await peer.client(), await peer.client()] as const;
  const [one, other] = clients;
  await other.call('watch', [], ROWS, 0);
  await one.call('write', 0, ROWS);
  await other.call('seen');
  await one.call('acknowledged');
  for (const client of clients) await client.call('disconnect');
  const [body, place] = EDITED;
  await one.call('patch', body, ROWS, 1);
  await other.call('patch', place, ROWS, 1);
  for (const client of clients) await client.call('watch', EDITED, ROWS, 1);
  const began = Math.min(...(await Promise.all(clients.map((client) => client.call('connect')))));
  const seen = Promise.all(clients.map((client) => client.call('seen')));
  const times = await Promise.race([seen, setTimeout(MAX_MERGE_MS, undefined)]);
  const rows = await Promise.all(clients.map((client) => client.call('showing', EDITED, ROWS, 1)));
  return { ms: times === undefined ? undefined : Math.max(...times) - began, rows: Math.min(...rows) };
}
