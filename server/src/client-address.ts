import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { ServerOptionsError } from './server-options-error.ts';

/** Where a request comes from, as far as somebody who is trusted says so. */
export interface ClientAddresses {
  /**
   * The address that limits count by. Proxies that are trusted name it in X-Forwarded-For; from anybody else that header is
   * the sender's own invention. Of an IPv6 address its network of 64 bits: a household has as many addresses as it likes.
   */
  of(request: Pick<IncomingMessage, 'headers' | 'socket'>): string;
  /** Is it one of the proxies? */
  isProxy(address: string | undefined): boolean;
}

/** @param trustedProxies Addresses, or networks such as `10.0.0.0/8`. @throws ServerOptionsError when one is neither. */
export function createClientAddresses(trustedProxies: readonly string[] = []): ClientAddresses {
  const proxies = new BlockList();
  for (const proxy of trustedProxies) trust(proxies, proxy);

  return {
    of({ headers, socket }) {
      const said = headers['x-forwarded-for'];
      const hops = (Array.isArray(said) ? said.join(',') : (said ?? '')).split(',').map((hop) => plain(hop.trim()));
      let address = plain(socket.remoteAddress ?? '');
      // Each proxy adds who came to it at the end.
      while (isProxy(address) && isIP(hops.at(-1) ?? '') !== 0) address = hops.pop() ?? address;
      return isIPv6(address) ? networkOf(address) : address;
    },
    isProxy,
  };

  function isProxy(address: string | undefined): boolean {
    const ip = plain(address ?? '');
    return isIP(ip) !== 0 && proxies.check(ip, familyOf(ip));
  }
}

function trust(proxies: BlockList, text: string): void {
  const [address = '', bits, ...more] = text.split('/');
  const most = isIPv6(address) ? 128 : 32;
  const isNetwork = bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  if (isIP(address) === 0 || more.length > 0 || (bits !== undefined && !isNetwork)) {
    throw new ServerOptionsError(
      `'${text}' of BREAKWATER_TRUSTED_PROXIES (the option trustedProxies) is no address; set addresses such as ` +
        '127.0.0.1 or ::1, or networks such as 10.0.0.0/8.',
    );
  }
  if (isNetwork) proxies.addSubnet(address, Number(bits), familyOf(address));
  else proxies.addAddress(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** A socket for both families shows the addresses of IPv4 as those of IPv6. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function networkOf(address: string): string {
  const [front = '', back] = (address.split('%')[0] ?? '').split('::');
  const before = front === '' ? [] : front.split(':');
  const after = back === undefined || back === '' ? [] : back.split(':');
  // An address of IPv4 at its end stands for two groups.
  const missing = 8 - before.length - after.length - (after.at(-1)?.includes('.') ? 1 : 0);
  const groups = back === undefined ? before : [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
