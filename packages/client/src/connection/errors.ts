import type { ErrorCode } from '@breakwater/protocol';

/** The link went away before the reply came. What was asked may or may not have happened; asking again is safe. */
export class LinkLostError extends Error {
  override readonly name = 'LinkLostError';
  constructor(message = 'the connection was lost before the reply came') {
    super(message);
  }
}

/** The server answered a request with an error. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
