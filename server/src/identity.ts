import { defaultLabels } from './labels.ts';

/** Who a session is. Comes from `authenticate`, never from a message. */
export interface Identity {
  /** Tenants share nothing: no row, no name, no count. */
  readonly tenant: string;
  readonly user: string;
  /** What the session may read. Default: everything of the tenant. */
  readonly labels?: readonly string[];
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
  const { tenant, user, labels = defaultLabels(tenant) } = identity;
  if (!isName(tenant) || !isName(user) || !labels.every(isName)) {
    throw new TypeError(
      'authenticate must answer a tenant, a user and labels that are texts, not empty, without U+0000',
    );
  }
  return { tenant, user, labels };
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}
