/**
 * One line, and what the compiler says of it, for each thing of which programs that compiled with
 * the types before would not compile any more.
 */
export function compareTypes(
  folders: { before: string; after: string },
  entries: readonly string[],
): string[];
