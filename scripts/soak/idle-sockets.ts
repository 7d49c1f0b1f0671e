import { setTimeout as pass } from 'node:timers/promises';
import { startTarget, warmUp } from '../../server/test/attacks/target.ts';
import type { TestClient } from '../../server/test/test-client.ts';
import type { Part, Tally } from './part.ts';

/** More would need more file descriptors than a process usually gets. */
const MAX_SOCKETS = 15_000;
/** Opened at once. */
const CROWD = 100;
/** All are on one address; a user may have 200. */
const SOCKETS_PER_USER = 100;
/** More than a heartbeat of the server. In milliseconds. */
const IDLE_MS = 30_000;
const MAX_WAIT_MS = 500;
/** For 10,000; 29 MB for a thousand were measured. */
const MAX_GROWTH_MB = 350;
const MB = 2 ** 20;

/** Many clients that are let in, and then say nothing but pong: what they take, and how others fare. */
export const idleSockets: Part = {
  runs: 10_000,
  async play({ runs, rest }) {
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    if (runs > MAX_SOCKETS) throw new RangeError(`BREAKWATER_RUNS is ${runs}; this part opens at most ${MAX_SOCKETS}`);
    const target = await startTarget({
      BREAKWATER_MAX_CONNECTIONS: String(MAX_SOCKETS + CROWD),
      BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS: String(MAX_SOCKETS + CROWD),
    });
    try {
      await warmUp(target);
      const before = await target.memory();
      const arriving = await target.openWitness();
      const clients: TestClient[] = [];
      for (let i = 0; i < runs; i += CROWD) {
        const users = Array.from({ length: Math.min(CROWD, runs - i) }, (_, n) =>
          Math.floor((i + n) / SOCKETS_PER_USER),
        );
        clients.push(...(await Promise.all(users.map((user) => target.open(`idle-${user}`)))));
      }
      const { worstMs: arrivingMs } = await arriving.end();
      const memory = await target.watchMemory();
      const idling = await target.openWitness();
      await pass(IDLE_MS);
      const { worstMs: idleMs } = await idling.end();
      const later = await memory.stop();
      const after = await target.memory();
      let gone = 0;
      for (const client of clients) void client.closed.then(() => gone++);
      await pass(0);
      const counts = {
        sockets: clients.length - gone,
        growthMb: Math.round((after - before) / MB),
        bytesPerSocket: Math.round((after - before) / clients.length),
        laterMb: Math.round(later / MB),
        arrivingMs: Math.round(arrivingMs),
        idleMs: Math.round(idleMs),
      };
      const failures = [
        ...(gone === 0 ? [] : [`${gone} sockets were closed`]),
        ...(counts.growthMb <= MAX_GROWTH_MB ? [] : [`the server took ${counts.growthMb} MB more`]),
        ...(Math.max(arrivingMs, idleMs) <= MAX_WAIT_MS ? [] : ['another client waited for more than 500 ms']),
      ];
      for (const client of clients) client.terminate();
      return { counts, failures };
    } finally {
      await target.end();
    }
  },
  summarize: (count) =>
    `${count('sockets')} idle sessions: ${count('growthMb')} MB, ${count('bytesPerSocket')} bytes each; others answered within ${count('arrivingMs')} ms while they came, ${count('idleMs')} ms after`,
};
