import { type Authenticate, AuthenticationError, hideToken } from './identity.ts';
import type { Log } from './log.ts';

/** The same answers; whoever is turned away is in the log, by the reason alone. */
export function reportRefusals(authenticate: Authenticate, log: Log): Authenticate {
  return async (token) => {
    try {
      return await authenticate(token);
    } catch (error) {
      if (error instanceof AuthenticationError) {
        log('info', 'A token was refused', { reason: hideToken(error.message, token) });
      }
      throw error;
    }
  };
}
