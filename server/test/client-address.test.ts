import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createClientAddresses } from '../src/client-address.ts';

function seenAs(remoteAddress: string, forwarded: string | undefined, trustedProxies: readonly string[]): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return createClientAddresses(trustedProxies).of({ headers, socket: { remoteAddress } as Socket });
}

test('[LM6] nobody is believed where an address comes from, unless it is a trusted proxy', () => {
  expect(seenAs('203.0.113.9', '198.51.100.1', [])).toBe('203.0.113.9');
  expect(seenAs('203.0.113.9', '198.51.100.1', ['127.0.0.1', '10.0.0.0/8'])).toBe('203.0.113.9');
  expect(seenAs('127.0.0.1', '198.51.100.1', ['127.0.0.1'])).toBe('198.51.100.1');
  expect(seenAs('::ffff:127.0.0.1', '198.51.100.1', ['127.0.0.1'])).toBe('198.51.100.1');
  expect(seenAs('::1', '198.51.100.1', ['::1'])).toBe('198.51.100.1');
});

test('[LM6] of several hops the last one that no trusted proxy is, whatever stands before it', () => {
  const proxies = ['127.0.0.1', '10.0.0.0/8'];
  expect(seenAs('127.0.0.1', '1.2.3.4, 198.51.100.1, 10.1.2.3', proxies)).toBe('198.51.100.1');
  expect(seenAs('127.0.0.1', '1.2.3.4,198.51.100.1', proxies)).toBe('198.51.100.1');
  expect(seenAs('127.0.0.1', '10.9.9.9', proxies)).toBe('10.9.9.9');
});

test('[LM6] what is no address is nobody’s: then it is the proxy’s own', () => {
  for (const forwarded of [undefined, '', 'unknown', '198.51.100.1, ', '1.2.3.4:80', '__proto__', 'x'.repeat(8_000)]) {
    expect(seenAs('127.0.0.1', forwarded, ['127.0.0.1']), forwarded).toBe('127.0.0.1');
  }
});

test('[LM6] of IPv6 the network counts', () => {
  for (const address of ['2001:db8:0:7::1', '2001:db8::7:1:2:3:4', '2001:0db8:0000:0007:ffff::9']) {
    expect(seenAs(address, undefined, []), address).toBe('2001:db8:0:7::/64');
  }
  expect(seenAs('fe80::1%eth0', undefined, [])).toBe('fe80:0:0:0::/64');
  expect(seenAs('::1', undefined, [])).toBe('0:0:0:0::/64');
});

test('[LM7] a proxy that is no address is an error that says what to set', () => {
  for (const text of ['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '', '::1/129']) {
    expect(() => createClientAddresses([text]), text).toThrow(`'${text}' of BREAKWATER_TRUSTED_PROXIES`);
  }
});
