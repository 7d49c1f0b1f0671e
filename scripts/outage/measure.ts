import { createConnection, DEFAULT_BACKOFF, DEFAULT_BREAKER } from '@breakwater/client/sync';
import { createManualScheduler, createRandom, createScriptedServer } from '@breakwater/testing';

/** What a client does in ten minutes without a server. Times are seconds. */
export interface Outage {
  readonly attempts: readonly number[];
  /** When the breaker is open. */
  readonly halts: readonly { readonly from: number; readonly to: number }[];
}

export const OUTAGE_SECONDS = 600;

/** So that the picture is the same each time; the delays have chance in them. */
const SEED = 7;

/** The connection as it is, in time that passes at once, against a server that refuses. */
export async function measureOutage(): Promise<Outage> {
  const scheduler = createManualScheduler();
  const server = createScriptedServer(scheduler);
  server.behaviour = 'refuses';
  const halts: { from: number; to: number }[] = [];
  const connection = createConnection({
    url: 'ws://gone/sync',
    replica: 'picture',
    token: () => '',
    webSocket: server.webSocket,
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler,
    random: createRandom(SEED).next,
    onState(state) {
      if (state.name === 'halted' && halts.at(-1)?.from !== state.since / 1000) {
        halts.push({ from: state.since / 1000, to: Math.min(OUTAGE_SECONDS, state.probeAt / 1000) });
      }
    },
    onSession() {},
    onRows() {},
  });
  connection.dispatch({ type: 'start' });
  await scheduler.advanceAsync(OUTAGE_SECONDS * 1000);
  return { attempts: server.attempts.map((ms) => ms / 1000), halts };
}
