/** Says what is wrong with the command line, or with what came by standard input. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
