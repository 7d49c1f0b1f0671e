/** Thrown when the program cannot do as asked. Its message is all that the user gets to see. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
