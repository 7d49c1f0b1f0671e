import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ServerOptionsError } from './server-options-error.ts';

/** A public key: PEM or JSON as text, or a JWK or a set of them (JWKS). */
export type PublicKey = string | JsonWebKey | { readonly keys: readonly JsonWebKey[] };

export interface KeyOptions {
  /** Shared with whoever signs. Text counts as UTF-8; at least 32 bytes. */
  readonly secret?: string | Uint8Array;
  /** Of whoever signs: RSA from 2048 bits, P-256 or Ed25519. */
  readonly publicKey?: PublicKey;
  /** Default: HS256 for a secret, RS256, ES256 or EdDSA for a public key. Others must fit the key; `none` fits none. */
  readonly algorithms?: readonly string[];
}

export interface TokenKey {
  readonly key: KeyObject;
  /** `kid` of its JWK. */
  readonly id: string | undefined;
  readonly algorithms: readonly string[];
}

/** What a kind of key can verify. A public key taken for a secret is how tokens are forged: no kind is in two rows. */
interface Kind {
  readonly usual: readonly string[];
  readonly all: readonly string[];
}

const SECRET: Kind = { usual: ['HS256'], all: ['HS256', 'HS384', 'HS512'] };
const RSA: Kind = { usual: ['RS256'], all: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] };
const P256: Kind = { usual: ['ES256'], all: ['ES256'] };
/** Two names of one algorithm. */
const ED25519: Kind = { usual: ['EdDSA', 'Ed25519'], all: ['EdDSA', 'Ed25519'] };

/** As many as HS256 puts out: with less the key is guessed sooner than the signature. */
const MIN_SECRET_BYTES = 32;

const MIN_RSA_BITS = 2_048;

/** @throws ServerOptionsError */
export function readKeys({ secret, publicKey, algorithms }: KeyOptions): readonly TokenKey[] {
  if ((secret === undefined) === (publicKey === undefined)) {
    throw new ServerOptionsError('jwt needs either a secret or a publicKey, and not both');
  }
  const keys = secret === undefined ? readPublicKeys(publicKey ?? '') : [readSecret(secret)];
  return narrow(keys, algorithms);
}

interface ReadKey {
  readonly key: KeyObject;
  readonly id?: string | undefined;
  readonly kind: Kind;
  /** `alg` of its JWK. */
  readonly only?: string | undefined;
}

function readSecret(secret: string | Uint8Array): ReadKey {
  const bytes = Buffer.from(secret);
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new ServerOptionsError(
      `jwt.secret has ${bytes.length} bytes and needs at least ${MIN_SECRET_BYTES}; make one with: openssl rand -base64 48`,
    );
  }
  return { key: createSecretKey(bytes), kind: SECRET };
}

function readPublicKeys(given: PublicKey): readonly ReadKey[] {
  const publicKey = typeof given === 'string' ? parseText(given) : given;
  if (typeof publicKey === 'string') return [describe(importKey(publicKey))];
  if (!isKeySet(publicKey)) return [readJwk(publicKey)];
  // A set may hold keys for other ends as well.
  const keys = publicKey.keys.filter(({ use }) => use === undefined || use === 'sig').map(readJwk);
  if (keys.length === 0) throw new ServerOptionsError('jwt.publicKey is a set without a key to verify signatures with');
  return keys;
}

function parseText(text: string): PublicKey {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the text.
    throw new ServerOptionsError('jwt.publicKey begins as JSON and is none');
  }
}

function isKeySet(publicKey: object): publicKey is { readonly keys: readonly JsonWebKey[] } {
  return 'keys' in publicKey && Array.isArray(publicKey.keys);
}

function readJwk(jwk: JsonWebKey): ReadKey {
  const { kid, alg } = jwk;
  return { ...describe(importKey(jwk)), id: textOrNothing(kid), only: textOrNothing(alg) };
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function importKey(given: string | JsonWebKey): KeyObject {
  const isPrivate = typeof given === 'string' ? given.includes('PRIVATE KEY') : given.d !== undefined;
  if (isPrivate) throw new ServerOptionsError('jwt.publicKey is a private key; keep that where tokens are signed');
  try {
    return typeof given === 'string' ? createPublicKey(given) : createPublicKey({ key: given, format: 'jwk' });
  } catch (error) {
    throw new ServerOptionsError('jwt.publicKey is no public key as PEM, JWK or JWKS', { cause: error });
  }
}

function describe(key: KeyObject): ReadKey {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength >= MIN_RSA_BITS) return { key, kind: RSA };
      throw new ServerOptionsError(`jwt.publicKey has ${modulusLength} bits; RSA needs at least ${MIN_RSA_BITS}`);
    case 'ec':
      if (namedCurve === 'prime256v1') return { key, kind: P256 };
      throw new ServerOptionsError(`jwt.publicKey is of the curve ${namedCurve}; of these only P-256 is taken`);
    case 'ed25519':
      return { key, kind: ED25519 };
    default:
      throw new ServerOptionsError(
        `jwt.publicKey is of the kind ${key.asymmetricKeyType}; RSA, P-256 and Ed25519 are taken`,
      );
  }
}

function narrow(keys: readonly ReadKey[], asked: readonly string[] | undefined): readonly TokenKey[] {
  const possible = keys.flatMap(({ kind, only }) => kind.all.filter((name) => only === undefined || name === only));
  const misfit = asked?.find((name) => !possible.includes(name));
  if (misfit !== undefined || asked?.length === 0) {
    throw new ServerOptionsError(
      `jwt.algorithms names ${misfit ?? 'nothing'}; with this key it can be ${[...new Set(possible)].join(', ')}`,
    );
  }
  return keys.map(({ key, id, kind, only }) => {
    const wanted = asked ?? (only === undefined ? kind.usual : [only]);
    return { key, id, algorithms: kind.all.filter((name) => wanted.includes(name) && (only ?? name) === name) };
  });
}
