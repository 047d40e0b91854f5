import { TaskError } from '../../protocol/task-error';

/**
 * Checks options that say how many of something there may be.
 *
 * @param options.mayBeAny Whether `Infinity` is an answer, too. Default false.
 * @throws TaskError `invalid-options` that names the option.
 */
export function checkCounts(
  counts: Record<string, unknown>,
  { mayBeAny = false }: { mayBeAny?: boolean } = {},
): void {
  for (const [name, count] of Object.entries(counts)) {
    if (count === undefined || (mayBeAny && count === Number.POSITIVE_INFINITY)) continue;
    if (Number.isSafeInteger(count) && Number(count) >= 1) continue;
    throw new TaskError({
      code: 'invalid-options',
      message: `\`${name}\` must be a whole number of 1 or more.`,
    });
  }
}
