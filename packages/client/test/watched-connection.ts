import { type Behaviour, createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER } from '../src/connection/breaker.ts';
import { createConnection } from '../src/connection/connection.ts';
import { statusOf } from '../src/connection/machine.ts';

/** A connection whose jitter is nil, and a log of its public status with the time of each change in seconds. */
export function watchConnection(behaviour: Behaviour, random = 0) {
  const scheduler = createManualScheduler();
  const server = createScriptedServer(scheduler);
  server.behaviour = behaviour;
  const log: string[] = [];
  const connection = createConnection({
    url: 'ws://test/sync',
    replica: 'replica-1',
    token: () => 'token',
    webSocket: server.webSocket,
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler,
    random: () => random,
    onState(state) {
      const status = statusOf(state);
      const line = `${status.since / 1000} ${status.state}`;
      if (log.at(-1) !== line) log.push(line);
    },
    onSession() {},
    onRows() {},
  });
  return { connection, scheduler, server, log, attempts: () => server.attempts.map((ms) => ms / 1000) };
}
