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
