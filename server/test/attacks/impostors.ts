import { type Attack, attack } from './attack.ts';
import { connectFrame, frame, openWebsocket } from './raw-socket.ts';
import { signToken, type Target } from './target.ts';

const HOUR_S = 3_600;

/** Tokens that are not good. */
export const IMPOSTORS: readonly Attack[] = [
  impostor('no token', () => ''),
  impostor('a token that is none', () => 'let.me.in'),
  impostor('a token of the algorithm none', ({ token }) => unsigned(token(), 'none')),
  impostor('a token of the algorithm nOnE', ({ token }) => unsigned(token(), 'nOnE')),
  impostor('a forged signature', ({ token }) => `${token().slice(0, -4)}AAAA`),
  impostor('a token of another secret', () => signToken('another secret, of more than 32 bytes', CLAIMS)),
  impostor('a public key’s algorithm', ({ token }) => unsigned(token(), 'RS256')),
  impostor('a key in the header', ({ token }) => unsigned(token(), 'HS256', { jwk: { kty: 'oct', k: 'AAAA' } })),
  impostor('an expired token', ({ token }) => token('ada', { exp: seconds() - HOUR_S })),
  impostor('a token of tomorrow', ({ token }) => token('ada', { nbf: seconds() + 24 * HOUR_S })),
  impostor('a token without a tenant', ({ token }) => token('ada', { tenant: undefined })),
  impostor('a tenant that is an object', ({ token }) => token('ada', { tenant: { __proto__: null, toString: 1 } })),
  impostor('a user with U+0000', ({ token }) => token('ada\0')),
  impostor('labels that are no list', ({ token }) => token('ada', { labels: 'all' })),
  impostor('a token of a thousand parts', () => Array<string>(1_000).fill('e30').join('.')),
];

const CLAIMS = { tenant: 'harbour', sub: 'ada' };

function impostor(name: string, make: (target: Target) => string): Attack {
  return attack(name, /^close 4401 ./, async (target) => {
    const raw = await openWebsocket(target);
    raw.write(frame({ payload: connectFrame(make(target)) }));
    return [await raw.told];
  });
}

/** The claims of a good token under another header, with its old signature or none. */
function unsigned(token: string, alg: string, more: Record<string, unknown> = {}): string {
  const [, claims, signature = ''] = token.split('.');
  const header = Buffer.from(JSON.stringify({ alg, ...more })).toString('base64url');
  return `${header}.${claims}.${alg.toLowerCase() === 'none' ? '' : signature}`;
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
