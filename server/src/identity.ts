import { defaultLabels } from './labels.ts';

/** Who a session is. Comes from `authenticate`, never from a message. */
export interface Identity {
  /** Tenants share nothing: no row, no name, no count. */
  readonly tenant: string;
  readonly user: string;
  /** What the session may read: the rows with one of these labels. Default: the tenant's name, which every row has by default. */
  readonly labels?: readonly string[];
  /** When the token expires, in milliseconds since 1970: the session then ends, unless a fresh one came. Default: never. */
  readonly expiresAt?: number;
}

/**
 * Answers who a token belongs to. To turn somebody away throw an {@link AuthenticationError}, whose message the client
 * gets to see.
 */
export type Authenticate = (token: string) => Identity | Promise<Identity>;

/** Thrown by `authenticate`: the token is not good. Any other error is for the log alone. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
}

/** For development: everybody is the same user and reads and writes everything. */
export const admitEveryone: Authenticate = () => ({ tenant: 'default', user: 'anonymous' });

/** @throws TypeError when `authenticate` answered something else than an identity. */
export function completeIdentity(identity: Identity): Required<Identity> {
  const { tenant, user, labels = defaultLabels(tenant), expiresAt = Number.POSITIVE_INFINITY } = identity;
  if (!isName(tenant) || !isName(user) || !labels.every(isName)) {
    throw new TypeError(
      'authenticate must answer a tenant, a user and labels that are texts, not empty, without U+0000',
    );
  }
  if (!(expiresAt > 0))
    throw new TypeError('authenticate must answer expiresAt in milliseconds since 1970, or not at all');
  return { tenant, user, labels, expiresAt };
}

/** Who the token belongs to, or why its bearer is turned away, in words for the client. Never rejects. */
export async function identify(
  authenticate: Authenticate,
  token: string,
  log: (line: string) => void,
): Promise<{ readonly identity: Required<Identity> } | { readonly refusal: string }> {
  try {
    return { identity: completeIdentity(await authenticate(token)) };
  } catch (error) {
    if (error instanceof AuthenticationError) return { refusal: error.message };
    const fault = error instanceof Error ? error.message : String(error);
    log(`authenticate failed: ${hideToken(fault, token)}`);
    return { refusal: 'the token was not accepted' };
  }
}

/** Libraries like to quote what they were given. */
export function hideToken(text: string, token: string): string {
  return token === '' ? text : text.replaceAll(token, '(the token)');
}

/** As it is sent: whole milliseconds, 0 for never. */
export function toWireExpiry(expiresAt: number): number {
  return Number.isFinite(expiresAt) ? Math.ceil(expiresAt) : 0;
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}
