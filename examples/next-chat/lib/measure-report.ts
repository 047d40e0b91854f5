/** How many words a text in Markdown has, marks not counted. */
export function countWords(markdown: string): number {
  return markdown.match(/[\p{L}\p{N}]+(?:[’'-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}

/** How many headings of the second level a text has. */
export function countHeadings(markdown: string): number {
  return markdown.match(/^## \S/gm)?.length ?? 0;
}

/** Each section's title with the number of its words. */
export function tableOfContents(markdown: string): { title: string; words: number }[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = '', ...body] = section.split('\n');
      return { title: title.trim(), words: countWords(body.join('\n')) };
    });
}

/** Cuts a text that comes piece by piece so that each of its sections begins with a piece. */
export async function* piecesOf(
  deltas: AsyncIterable<string>,
): AsyncGenerator<{ piece: string; isSectionStart: boolean }> {
  let text = '';
  let given = 0;
  function* giveUntil(end: number) {
    const headings = [...text.slice(0, end).matchAll(/^## /gm)].map(({ index }) => index);
    const starts = headings.filter((index) => index >= given);
    for (const next of [...starts.filter((index) => index > given), end]) {
      const piece = text.slice(given, next);
      if (piece) yield { piece, isSectionStart: starts.includes(given) };
      given = next;
    }
  }
  for await (const delta of deltas) {
    text += delta;
    // Whether a line is a heading shows when its marks are there, and what follows them.
    const unsure = /^##? ?$/m.exec(text.slice(text.lastIndexOf('\n') + 1));
    yield* giveUntil(unsure ? text.lastIndexOf('\n') + 1 : text.length);
  }
  yield* giveUntil(text.length);
}
