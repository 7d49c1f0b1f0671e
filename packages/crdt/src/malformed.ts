/** Thrown when bytes from outside are not what they claim to be. Nothing of them has been used. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}
