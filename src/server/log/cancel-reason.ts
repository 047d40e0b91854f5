/** How many characters of a reason are kept, in UTF-16 code units. */
const maxReasonLength = 1_000;

/**
 * The reason of a cancel as it is kept and told, because whoever may cancel can write anything. A
 * long reason is cut, though not within a character, and lone halves of characters are replaced.
 */
export function boundReason(reason: string | undefined): string | undefined {
  if (typeof reason !== 'string') return undefined;
  const isPairCut = /[\ud800-\udbff]/.test(reason.charAt(maxReasonLength - 1));
  const cut = reason.slice(0, isPairCut ? maxReasonLength - 1 : maxReasonLength);
  // A copy, because a slice would keep the whole text in memory.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(cut));
}
