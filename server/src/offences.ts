import type { Log, LogFields } from './log.ts';
import type { Meter } from './meter.ts';

/** What clients are turned away for. */
export type Offence =
  | 'connections'
  | 'connections-of-address'
  | 'connections-of-user'
  | 'no-connect'
  | 'origin'
  | 'rate'
  | 'too-large'
  | 'too-much-before-connected'
  | 'malformed'
  | 'stuck';

const SENTENCES: { readonly [O in Offence]: string } = {
  connections: 'Refused a connection: there are as many as there may be (BREAKWATER_MAX_CONNECTIONS)',
  'connections-of-address':
    'Refused a connection: its address has as many as it may (BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS). ' +
    'If that is a proxy of yours, name it in BREAKWATER_TRUSTED_PROXIES',
  'connections-of-user': 'Ended a connection: its user has as many as it may (BREAKWATER_MAX_CONNECTIONS_PER_USER)',
  'no-connect': 'Ended a connection that did not say who it is in time',
  origin: 'Refused a page of another origin. If it is yours, name its origin in BREAKWATER_ALLOWED_ORIGINS',
  rate: 'Ended a session that sent more than it may in a second',
  'too-large': 'Ended a connection that sent too large a message, or one in too many pieces',
  'too-much-before-connected': 'Ended a connection that sent too much before it had said who it is',
  malformed: 'Ended a connection that sent what is no message',
  stuck: 'Ended a connection that did not read what it was sent',
};

/** Tells of clients that were turned away: each is counted, and the log has no more lines of it for all their trying. */
export interface Offences {
  report(offence: Offence, fields: LogFields & { readonly address: string }): void;
}

/** Of a websocket that broke off: what it was that the other side did wrong, if that is why. */
export function offenceOf(error: Error): Offence | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'WS_ERR_TOO_MANY_BUFFERED_PARTS'].includes(code)) return 'too-large';
  return code.startsWith('WS_ERR_') ? 'malformed' : undefined;
}

/** Of one offence from one address the log has a line so often, in milliseconds. */
const LOG_INTERVAL_MS = 60_000;

/** Offences of addresses that are remembered for it. */
const MAX_REMEMBERED = 1_000;

export function createOffences({ log, meter, now }: { log: Log; meter: Meter; now: () => number }): Offences {
  /** The oldest first. */
  const lines = new Map<string, { readonly at: number; more: number }>();

  return {
    report(offence, fields) {
      meter.offended(offence);
      const key = `${offence} ${fields.address}`;
      const last = lines.get(key);
      if (last !== undefined && now() - last.at < LOG_INTERVAL_MS) {
        last.more += 1;
        return;
      }
      lines.delete(key);
      lines.set(key, { at: now(), more: 0 });
      if (lines.size > MAX_REMEMBERED) forgetOldest();
      const more = last === undefined || last.more === 0 ? {} : { more: last.more };
      log('warn', SENTENCES[offence], { offence, ...fields, ...more });
    },
  };

  function forgetOldest(): void {
    for (const key of lines.keys()) {
      lines.delete(key);
      return;
    }
  }
}
