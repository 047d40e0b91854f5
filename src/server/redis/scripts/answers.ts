import type { RedisLink } from '../client/redis-link';

/**
 * The answer of a script. An unknown answer, of another version of the script, must not count as one
 * of the known ones.
 *
 * @throws TaskError `context-unavailable`.
 */
export function knownAnswer<Answer extends string>(
  known: readonly Answer[],
  answer: unknown,
  { report }: Pick<RedisLink, 'report'>,
): Answer {
  const found = known.find((name) => name === String(answer));
  if (found !== undefined) return found;
  throw report(new Error(`a script gave an answer that is not known: ${String(answer)}`));
}

export function optionalText(stored: unknown): string | undefined {
  return typeof stored === 'string' ? stored : undefined;
}
