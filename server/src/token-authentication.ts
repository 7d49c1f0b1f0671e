import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { type Authenticate, AuthenticationError, type Identity, isName } from './identity.ts';
import { type KeyOptions, readKeys, type TokenKey } from './token-keys.ts';

/** Who signs the tokens (JWT), and what is in them. */
export interface JwtOptions extends KeyOptions {
  /** What `iss` must be. Default: anything. */
  readonly issuer?: string;
  /** What `aud` must be or contain. Default: anything. */
  readonly audience?: string;
  /** The claim with the tenant. Default: `tenant`. */
  readonly tenantClaim?: string;
  /** The claim with the user. Default: `sub`. */
  readonly userClaim?: string;
  /**
   * The claim with the labels that may be read, a list. A token without it has the name of its tenant, which every row has
   * unless `labelsOf` says otherwise. Default: `labels`.
   */
  readonly labelsClaim?: string;
}

/** How far the clock of whoever signs may be off, in seconds. */
const LEEWAY_S = 60;

/**
 * Takes tokens as `jwt` says. `now` answers milliseconds since 1970.
 *
 * @throws ServerOptionsError
 */
export function authenticateByToken(jwt: JwtOptions, now: () => number): Authenticate {
  const keys = readKeys(jwt);
  const algorithms = [...new Set(keys.flatMap((key) => key.algorithms))];
  const { issuer, audience } = jwt;
  const rules = {
    algorithms,
    clockTolerance: LEEWAY_S,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };

  return async (token) => {
    if (token === '') throw new AuthenticationError('a token is needed');
    try {
      const currentDate = new Date(now());
      const { payload } = await jwtVerify(token, (header) => findKey(keys, header), { ...rules, currentDate });
      return toIdentity(payload, jwt, currentDate.getTime());
    } catch (error) {
      throw new AuthenticationError(reasonOf(error, algorithms));
    }
  };
}

function findKey(keys: readonly TokenKey[], { alg, kid }: JWTHeaderParameters): TokenKey['key'] {
  const fitting = keys.filter(({ algorithms }) => algorithms.includes(alg));
  const named = kid === undefined ? fitting : fitting.filter(({ id }) => id === undefined || id === kid);
  const [found, another] = named;
  if (found === undefined) throw new AuthenticationError('the token is signed with a key that is not known here');
  if (another !== undefined) throw new AuthenticationError('the token must name its key (kid): there are several');
  return found.key;
}

function toIdentity(claims: JWTPayload, jwt: JwtOptions, now: number): Identity {
  const { tenantClaim = 'tenant', userClaim = 'sub', labelsClaim = 'labels' } = jwt;
  const labels = readLabels(claims, labelsClaim);
  return {
    tenant: readName(claims, tenantClaim),
    user: readName(claims, userClaim),
    ...(labels === undefined ? {} : { labels }),
    ...(claims.exp === undefined ? {} : { expiresAt: toExpiry(claims.exp, now) }),
  };
}

/** Whoever is let in within the leeway has the rest of it. */
function toExpiry(exp: number, now: number): number {
  return exp * 1000 > now ? exp * 1000 : (exp + LEEWAY_S) * 1000;
}

function readName(claims: JWTPayload, claim: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (isName(value)) return value;
  throw new AuthenticationError(`the token needs the claim '${claim}', a text that is not empty`);
}

/** Undefined: there are none. What is no list must not pass for none: that reads everything. */
function readLabels(claims: JWTPayload, claim: string): readonly string[] | undefined {
  if (!Object.hasOwn(claims, claim)) return undefined;
  const value = claims[claim];
  if (Array.isArray(value) && value.every(isName)) return value;
  throw new AuthenticationError(`the token's claim '${claim}' must be a list of texts that are not empty`);
}

/** Quotes nothing of the token. */
function reasonOf(error: unknown, algorithms: readonly string[]): string {
  if (error instanceof AuthenticationError) return error.message;
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return reasonOfClaim(error.claim);
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JOSEAlgNotAllowed) return `the token must be signed with ${algorithms.join(' or ')}`;
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'the token is no JWT';
  return 'the token was not accepted';
}

function reasonOfClaim(claim: string): string {
  switch (claim) {
    case 'nbf':
      return 'the token is not good yet (nbf)';
    case 'iss':
      return 'the token is of another issuer (iss)';
    case 'aud':
      return 'the token is for somebody else (aud)';
    default:
      return 'a claim of the token is not of its kind';
  }
}
