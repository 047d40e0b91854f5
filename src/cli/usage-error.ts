/** The command line, or what came by standard input, is not as it must be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
