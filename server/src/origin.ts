import type { IncomingMessage } from 'node:http';

/**
 * May this page open a socket? Any page in a browser can try, and the browser says which one it is. Without a list only
 * pages of this very host may. Programs other than browsers send no origin, and prove who they are by their token.
 */
export function isOriginAllowed({ headers }: IncomingMessage, allowed: readonly string[] | undefined): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return allowed === undefined ? isSameHost(origin, host) : allowed.includes(origin);
}

function isSameHost(origin: string, host: string | undefined): boolean {
  const page = URL.parse(origin);
  const here = page === null ? null : URL.parse(`${page.protocol}//${host}`);
  return page !== null && here !== null && page.host !== '' && page.host === here.host;
}
