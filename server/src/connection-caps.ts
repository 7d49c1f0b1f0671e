import { ServerOptionsError } from './server-options-error.ts';

/** How many websockets there are at once: of sessions, and of rooms for clients of y-websocket. */
export interface ConnectionOptions {
  /** Default: 20,000. */
  readonly max?: number;
  /** From one address, see `trustedProxies`; of IPv6, from one network of 64 bits. Default: 1,000, a large office. */
  readonly maxPerAddress?: number;
  /** Of one user of a tenant. Where nobody is asked who they are it does not count. Default: 200. */
  readonly maxPerUser?: number;
}

export type CompleteConnectionOptions = Required<ConnectionOptions>;

export const DEFAULT_CONNECTIONS: CompleteConnectionOptions = { max: 20_000, maxPerAddress: 1_000, maxPerUser: 200 };

/** @throws ServerOptionsError when a number makes no sense. */
export function completeConnectionOptions(chosen: ConnectionOptions = {}): CompleteConnectionOptions {
  const options = { ...DEFAULT_CONNECTIONS, ...chosen };
  for (const [name, value] of Object.entries(options)) {
    if ((Number.isSafeInteger(value) && value >= 1) || value === Number.POSITIVE_INFINITY) continue;
    throw new ServerOptionsError(`connections.${name} is ${value}; it is a whole number from 1, or Infinity`);
  }
  return options;
}

/** Counts what is there at once, by whose it is. */
export interface Cap {
  /** Takes a place; the answer gives it back, once. Undefined: there is none. */
  enter(whose: string): (() => void) | undefined;
}

export function createCap(max: number): Cap {
  const countBy = new Map<string, number>();

  return {
    enter(whose) {
      const count = countBy.get(whose) ?? 0;
      if (count >= max) return undefined;
      countBy.set(whose, count + 1);
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        const left = (countBy.get(whose) ?? 1) - 1;
        if (left === 0) countBy.delete(whose);
        else countBy.set(whose, left);
      };
    },
  };
}
