/** A delta that cannot be merged with what its receiver has. The sender must send the whole state. */
export class MissingBaseError extends Error {
  override readonly name = 'MissingBaseError';
}
