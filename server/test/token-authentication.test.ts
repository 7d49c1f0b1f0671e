import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { AuthenticationError, identify } from '../src/identity.ts';
import { authenticateByToken, type JwtOptions } from '../src/token-authentication.ts';
import type { PublicKey } from '../src/token-keys.ts';

const SECRET = 'a secret of more than thirty-two bytes';
const NOW_S = 1_700_000_000;
const CLAIMS: JWTPayload = { tenant: 'acme', sub: 'ada', exp: NOW_S + 600 };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

test('[JW1] a token signed with the secret says who it is, and its end is the end of the session', async () => {
  expect(await admit({ secret: SECRET }, await sign(CLAIMS))).toEqual({
    tenant: 'acme',
    user: 'ada',
    expiresAt: (NOW_S + 600) * 1000,
  });
  const { exp: _, ...endless } = CLAIMS;
  expect(await admit({ secret: SECRET }, await sign(endless))).toEqual({ tenant: 'acme', user: 'ada' });
});

test('[JW1] the claims may have other names, and labels are what may be read', async () => {
  const jwt = { secret: SECRET, tenantClaim: 'https://a.example/org', userClaim: 'email', labelsClaim: 'groups' };
  const token = await sign({ 'https://a.example/org': 'acme', email: 'a@b.example', groups: ['staff'], labels: 1 });
  expect(await admit(jwt, token)).toEqual({ tenant: 'acme', user: 'a@b.example', labels: ['staff'] });
});

test('[JW1] claims that name nobody are refused, and labels that are no list do not pass for none', async () => {
  const faults: [JWTPayload, string][] = [
    [{ sub: 'ada' }, "the token needs the claim 'tenant', a text that is not empty"],
    [{ ...CLAIMS, tenant: '' }, "the token needs the claim 'tenant', a text that is not empty"],
    [{ ...CLAIMS, tenant: 7 }, "the token needs the claim 'tenant', a text that is not empty"],
    [{ ...CLAIMS, tenant: 'a\0b' }, "the token needs the claim 'tenant', a text that is not empty"],
    [{ tenant: 'acme' }, "the token needs the claim 'sub', a text that is not empty"],
    [{ ...CLAIMS, labels: 'staff' }, "the token's claim 'labels' must be a list of texts that are not empty"],
    [{ ...CLAIMS, labels: null }, "the token's claim 'labels' must be a list of texts that are not empty"],
    [{ ...CLAIMS, labels: ['staff', 7] }, "the token's claim 'labels' must be a list of texts that are not empty"],
  ];
  for (const [claims, reason] of faults) {
    expect(await refusal({ secret: SECRET }, await sign(claims)), JSON.stringify(claims)).toBe(reason);
  }
  const inherited = { secret: SECRET, tenantClaim: 'constructor' };
  expect(await refusal(inherited, await sign(CLAIMS))).toMatch(/^the token needs the claim 'constructor'/);
});

test.each([
  ['RS256', rsa],
  ['ES256', p256],
  ['EdDSA', ed25519],
])('[JW2] a public key as PEM, JWK or JWKS takes what its private key signed by %s', async (alg, pair) => {
  const token = await sign(CLAIMS, pair.privateKey, { alg });
  for (const publicKey of formsOf(pair.publicKey)) {
    expect(await admit({ publicKey }, token)).toMatchObject({ user: 'ada' });
  }
  const another = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  expect(await refusal({ publicKey: another }, token)).toMatch(/^the (signature|token)/);
});

test('[JW3] the kind of the key says the algorithm: none, and a public key as a secret, are refused', async () => {
  const pem = pemOf(rsa.publicKey);
  const forged = await sign(CLAIMS, pem, { alg: 'HS256' });
  expect(await refusal({ publicKey: pem }, forged)).toBe('the token must be signed with RS256');
  const unsigned = `${encode({ alg: 'none' })}.${encode(CLAIMS)}.`;
  expect(await refusal({ secret: SECRET }, unsigned)).toBe('the token must be signed with HS256');
  const other = await sign(CLAIMS, SECRET.repeat(2), { alg: 'HS512' });
  expect(await refusal({ secret: SECRET.repeat(2) }, other)).toBe('the token must be signed with HS256');
});

test('[JW3] algorithms chooses among those of the key', async () => {
  const jwt = { publicKey: pemOf(rsa.publicKey), algorithms: ['PS256'] };
  expect(await admit(jwt, await sign(CLAIMS, rsa.privateKey, { alg: 'PS256' }))).toMatchObject({ user: 'ada' });
  const usual = await sign(CLAIMS, rsa.privateKey, { alg: 'RS256' });
  expect(await refusal(jwt, usual)).toBe('the token must be signed with PS256');
  for (const [algorithms, named] of [
    [['none'], 'none'],
    [['RS256', 'HS256'], 'HS256'],
    [[], 'nothing'],
  ] as const) {
    expect(() => authenticateByToken({ ...jwt, algorithms }, Date.now)).toThrow(`jwt.algorithms names ${named}; with`);
  }
});

test('[JW4] exp and nbf have a minute of leeway, and whoever comes within it has the rest', async () => {
  const jwt = { secret: SECRET };
  expect(await admit(jwt, await sign({ ...CLAIMS, exp: NOW_S - 59 }))).toMatchObject({ expiresAt: (NOW_S + 1) * 1000 });
  expect(await refusal(jwt, await sign({ ...CLAIMS, exp: NOW_S - 60 }))).toBe('the token has expired');
  expect(await admit(jwt, await sign({ ...CLAIMS, nbf: NOW_S + 60 }))).toMatchObject({ user: 'ada' });
  expect(await refusal(jwt, await sign({ ...CLAIMS, nbf: NOW_S + 61 }))).toBe('the token is not good yet (nbf)');
  expect(await refusal(jwt, await sign({ ...CLAIMS, exp: 'soon' } as unknown as JWTPayload))).toBe(
    'a claim of the token is not of its kind',
  );
});

test('[JW5] issuer and audience are asked for if they are set', async () => {
  const jwt = { secret: SECRET, issuer: 'https://id.example', audience: 'breakwater' };
  const good = { ...CLAIMS, iss: 'https://id.example', aud: ['other', 'breakwater'] };
  expect(await admit(jwt, await sign(good))).toMatchObject({ user: 'ada' });
  expect(await refusal(jwt, await sign({ ...good, iss: 'https://evil.example' }))).toBe(
    'the token is of another issuer (iss)',
  );
  expect(await refusal(jwt, await sign({ ...good, aud: 'other' }))).toBe('the token is for somebody else (aud)');
  expect(await refusal(jwt, await sign(CLAIMS))).toBe('the token is of another issuer (iss)');
});

test('[JW6] of several keys the token names its own; those for other uses do not count', async () => {
  const jwk = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });
  const second = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [
    jwk(p256.publicKey, { kid: 'a', use: 'sig' }),
    jwk(second.publicKey, { kid: 'b', alg: 'ES256' }),
    jwk(rsa.publicKey, { kid: 'c', use: 'enc' }),
  ];
  const signed = (kid?: string) =>
    sign(CLAIMS, second.privateKey, { alg: 'ES256', ...(kid === undefined ? {} : { kid }) });
  expect(await admit({ publicKey: { keys } }, await signed('b'))).toMatchObject({ user: 'ada' });
  expect(await refusal({ publicKey: { keys } }, await signed('a'))).toBe('the signature of the token is wrong');
  expect(await refusal({ publicKey: { keys } }, await signed('z'))).toBe(
    'the token is signed with a key that is not known here',
  );
  expect(await refusal({ publicKey: { keys } }, await signed())).toMatch(/^the token must name its key \(kid\)/);
  const encrypting = await sign(CLAIMS, rsa.privateKey, { alg: 'RS256', kid: 'c' });
  expect(await refusal({ publicKey: { keys } }, encrypting)).toBe('the token must be signed with ES256');
});

test('[JW7] what is no token is refused by an AuthenticationError that quotes nothing of it', async () => {
  const good = await sign(CLAIMS);
  const [header, payload, signature = ''] = good.split('.');
  const changed = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  expect(await refusal({ secret: SECRET }, '')).toBe('a token is needed');
  expect(await refusal({ secret: SECRET }, changed)).toBe('the signature of the token is wrong');
  for (const token of ['hunter2', 'a.b.c', '..', `${good}.`, `${encode({ alg: 'HS256', crit: ['x'], x: 1 })}.e30.AA`]) {
    const reason = await refusal({ secret: SECRET }, token);
    expect(reason).toMatch(/^the token (is no JWT|was not accepted)$/);
  }
});

test('[JW7] nor does a log quote the token when authenticate fails with it in its words', async () => {
  const logged: string[] = [];
  const fail = (token: string) => {
    throw new Error(`cannot look up ${token}, sorry`);
  };
  expect(await identify(fail, 'hunter2', (line) => logged.push(line))).toEqual({
    refusal: 'the token was not accepted',
  });
  expect(logged).toEqual(['authenticate failed: cannot look up (the token), sorry']);
});

test('[JW8] a key that cannot be meant so is named, with what to do, and never quoted', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const faults: [JwtOptions, RegExp][] = [
    [{}, /^jwt needs either a secret or a publicKey/],
    [{ secret: SECRET, publicKey: pemOf(rsa.publicKey) }, /^jwt needs either/],
    [{ secret: 'hunter2' }, /^jwt\.secret has 7 bytes and needs at least 32; make one with: openssl rand -base64 48$/],
    [{ publicKey: 'hunter2' }, /^jwt\.publicKey is no public key as PEM, JWK or JWKS$/],
    [{ publicKey: '{"hunter2' }, /^jwt\.publicKey begins as JSON and is none$/],
    [{ publicKey: { keys: [] } }, /^jwt\.publicKey is a set without a key/],
    [{ publicKey: privatePem }, /^jwt\.publicKey is a private key; keep that where tokens are signed$/],
    [{ publicKey: rsa.privateKey.export({ format: 'jwk' }) }, /^jwt\.publicKey is a private key/],
    [{ publicKey: pemOf(small) }, /^jwt\.publicKey has 1024 bits; RSA needs at least 2048$/],
    [{ publicKey: pemOf(curve) }, /^jwt\.publicKey is of the curve secp256k1; of these only P-256 is taken$/],
    [{ publicKey: pemOf(generateKeyPairSync('x25519').publicKey) }, /^jwt\.publicKey is of the kind x25519; /],
  ];
  for (const [jwt, message] of faults) {
    const fault = expect.objectContaining({
      name: 'ServerOptionsError',
      message: expect.stringMatching(message) as string,
    });
    expect(() => authenticateByToken(jwt, Date.now)).toThrow(fault);
  }
});

async function admit(jwt: JwtOptions, token: string) {
  return await authenticateByToken(jwt, () => NOW_S * 1000)(token);
}

/** What the client gets to see. */
async function refusal(jwt: JwtOptions, token: string): Promise<string> {
  try {
    await admit(jwt, token);
  } catch (error) {
    expect(error).toBeInstanceOf(AuthenticationError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the token was accepted');
}

function sign(
  claims: JWTPayload,
  key: string | KeyObject = SECRET,
  header: JWTHeaderParameters = { alg: 'HS256' },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(typeof key === 'string' ? Buffer.from(key) : key);
}

function formsOf(key: KeyObject): PublicKey[] {
  const jwk = key.export({ format: 'jwk' });
  return [pemOf(key), jwk, JSON.stringify(jwk), { keys: [jwk] }, JSON.stringify({ keys: [jwk] })];
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
