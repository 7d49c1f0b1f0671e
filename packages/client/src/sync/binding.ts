import type { Connected } from '@breakwater/protocol';
import type { DatabaseRecord } from './record.ts';

/** What has to happen before a database may replicate over a new session. */
export type Binding =
  | { readonly kind: 'proceed'; readonly change: Partial<DatabaseRecord> }
  /** The database belongs elsewhere: nothing may be pulled or pushed. */
  | { readonly kind: 'refuse'; readonly reason: string };

/** Smaller differences are the network's doing, in milliseconds. */
const CLOCK_TOLERANCE_MS = 2_000;

export interface BindingContext {
  /** Does the database hold writes that the server has not taken, refused ones included? */
  readonly hasPending: boolean;
  /** The device's time without correction, in milliseconds since 1970. */
  readonly deviceNow: number;
}

/**
 * A database belongs to the server, tenant and user it first met: the rows of one must never reach another. Another user
 * is welcome once nothing of the last one is pending.
 */
export function bind(record: DatabaseRecord, connected: Connected, { hasPending, deviceNow }: BindingContext): Binding {
  const { serverId, tenant, user } = connected;
  if (record.serverId !== undefined && record.serverId !== serverId) {
    return refuse(`this database belongs to another server (${record.serverId}, not ${serverId})`);
  }
  if (record.tenant !== undefined && record.tenant !== tenant) {
    return refuse(`this database belongs to another tenant ('${record.tenant}', not '${tenant}')`);
  }
  if (record.user !== undefined && record.user !== user && hasPending) {
    return refuse(
      `this database holds changes of '${record.user}' that were not sent yet, but the token is of '${user}'`,
    );
  }
  const offsetMs = connected.serverTime - deviceNow;
  const isOff = Math.abs(offsetMs - record.clockOffsetMs) > CLOCK_TOLERANCE_MS;
  return {
    kind: 'proceed',
    change: { serverId, tenant, user, ...(isOff ? { clockOffsetMs: offsetMs } : {}) },
  };
}

function refuse(reason: string): Binding {
  return { kind: 'refuse', reason: `${reason}; open a database with another name for it` };
}
