/** Why a socket was closed: each code says what the other side should do. Agrees with y-websocket's and tldraw's use. */
export const CloseCode = {
  /** The client is done. */
  normal: 1000,
  /** A frame did not decode. The client is faulty or of another kind; it comes back with backoff. */
  malformed: 1007,
  /** The client went beyond what it may send. It is faulty or hostile; it comes back with backoff. */
  limitExceeded: 1008,
  /** A frame was larger than the server takes. */
  tooBig: 1009,
  /** Come back later; the reason may hold `retry-after=<ms>`, a floor under the backoff. */
  tryAgainLater: 1013,
  /** Stop: what was sent has no place here, and never will have. Of a room. */
  badRequest: 4400,
  /** Get a new token. */
  unauthenticated: 4401,
  /** Stop: this user may not be here. */
  forbidden: 4403,
  /** Stop: there is nothing at this address. */
  notFound: 4404,
  /** Stop: what was here has been replaced; begin anew with what is here now. Of a room. */
  gone: 4410,
  /** Stop: what is here would be too large. Of a room. */
  full: 4413,
  /** Stop: the two sides share no protocol version. */
  upgradeRequired: 4426,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Is a new token the only thing that helps? */
export function needsNewToken(code: number): boolean {
  return code === CloseCode.unauthenticated;
}

const FINAL_CODES: ReadonlySet<number> = new Set([
  CloseCode.badRequest,
  CloseCode.forbidden,
  CloseCode.notFound,
  CloseCode.gone,
  CloseCode.full,
  CloseCode.upgradeRequired,
]);

/** Is another attempt pointless until somebody changes something? */
export function isFinal(code: number): boolean {
  return FINAL_CODES.has(code);
}

const RETRY_AFTER = /^retry-after=(\d{1,9})$/;

export function formatRetryAfter(delayMs: number): string {
  return `retry-after=${Math.round(delayMs)}`;
}

/** The server's floor under the next delay in milliseconds, or undefined when it named none. */
export function retryAfterMs(code: number, reason: string): number | undefined {
  const match = code === CloseCode.tryAgainLater ? RETRY_AFTER.exec(reason) : null;
  return match ? Number(match[1]) : undefined;
}
