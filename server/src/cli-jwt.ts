import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError } from './cli-error.ts';
import { readList } from './cli-list.ts';
import type { JwtOptions } from './token-authentication.ts';

const KEY_NAMES = ['BREAKWATER_JWT_SECRET', 'BREAKWATER_JWT_PUBLIC_KEY'];

/**
 * What the environment says of tokens. Undefined: nothing.
 *
 * @throws CliError
 */
export function readJwt(env: NodeJS.ProcessEnv): JwtOptions | undefined {
  const jwt = dropUnset({
    secret: env.BREAKWATER_JWT_SECRET,
    publicKey: readKey(env.BREAKWATER_JWT_PUBLIC_KEY),
    issuer: env.BREAKWATER_JWT_ISSUER,
    audience: env.BREAKWATER_JWT_AUDIENCE,
    tenantClaim: env.BREAKWATER_JWT_TENANT_CLAIM,
    userClaim: env.BREAKWATER_JWT_USER_CLAIM,
    labelsClaim: env.BREAKWATER_JWT_LABELS_CLAIM,
    algorithms: readList(env.BREAKWATER_JWT_ALGORITHMS),
  });
  if (KEY_NAMES.some((name) => env[name])) return jwt;
  // A slip in the name of the key must not let everybody in.
  const lonely = Object.keys(env).find((name) => name.startsWith('BREAKWATER_JWT_') && env[name]);
  if (lonely === undefined) return undefined;
  throw new CliError(`${lonely} is set, but no key to check tokens with. Set ${KEY_NAMES.join(' or ')}.`);
}

function readKey(text: string | undefined): string | undefined {
  if (text === undefined || /^\s*(?:$|\{|-----BEGIN )/.test(text)) return text;
  try {
    return readFileSync(text, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? error.code : 'unknown';
    throw new CliError(
      `BREAKWATER_JWT_PUBLIC_KEY is no PEM or JSON, and as a path, ${resolve(text)}, it cannot be read (${why}).`,
    );
  }
}

/** The environment says with an empty text, too, that something is not set. */
function dropUnset<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
