import type { RedisLink } from '../client/redis-link';

/**
 * What an answer of a script means. One that is not known was given by another version of the
 * script, and says nothing: it must not count as one of the others.
 *
 * @throws TaskError `context-unavailable`.
 */
export function knownAnswer<Meaning>(
  meanings: Readonly<Record<string, Meaning>>,
  answer: unknown,
  { report }: Pick<RedisLink, 'report'>,
): Meaning {
  const name = String(answer);
  const meaning = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  if (meaning !== undefined) return meaning;
  throw report(new Error(`a script gave an answer that is not known: ${name}`));
}

export function optionalText(stored: unknown): string | undefined {
  return typeof stored === 'string' ? stored : undefined;
}
