import { type Authenticate, admitEveryone } from './identity.ts';
import { isLoopback } from './loopback.ts';
import type { ServerOptions } from './server-options.ts';
import { ServerOptionsError } from './server-options-error.ts';
import { authenticateByToken } from './token-authentication.ts';

/** @throws ServerOptionsError when two options say who is let in. */
export function chooseAuthenticate({ jwt, authenticate, open }: ServerOptions, now: () => number): Authenticate {
  if (jwt !== undefined && authenticate !== undefined) {
    throw new ServerOptionsError('jwt and authenticate both say who is let in; leave one away');
  }
  const chosen = jwt === undefined ? authenticate : authenticateByToken(jwt, now);
  if (chosen !== undefined && open === true) {
    throw new ServerOptionsError('open lets everybody in, and jwt or authenticate does not; leave one away');
  }
  return chosen ?? admitEveryone;
}

/** @throws ServerOptionsError when others reach a server that asks nobody for a token. */
export function requireLoopback(host: string): void {
  if (!isLoopback(host)) throw needsTokens(`at ${host}, which others can reach`);
}

export function needsTokens(where: string): ServerOptionsError {
  return new ServerOptionsError(
    `Nobody would be asked for a token ${where}. Set BREAKWATER_JWT_SECRET or ` +
      'BREAKWATER_JWT_PUBLIC_KEY (the options jwt or authenticate of createServer), listen on localhost, or set ' +
      'BREAKWATER_OPEN=1 (open: true) to let everybody read and write everything.',
  );
}
