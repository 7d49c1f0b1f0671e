import { isIPv4 } from 'node:net';

/** Only programs on this machine reach it there. A name that merely resolves so may mean something else tomorrow. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
