/** Options of the server that cannot be meant so; the message says which, why, and what to set. */
export class ServerOptionsError extends Error {
  override readonly name = 'ServerOptionsError';
}
