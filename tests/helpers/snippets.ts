import { readFileSync } from 'node:fs';

const fencePattern = /^```(tsx?)\n([\s\S]*?)^```$/gm;

/** A fence whose first line is a comment with a path is that file, for others to import. */
const pathPattern = /^\/\/ ([\w./[\]-]+\.tsx?)$/;

/** TypeScript in a document. */
interface Snippet {
  text: string;
  /** Where it begins, counted from 1. */
  line: number;
  extension: string;
  /** The file that it is. */
  path: string | undefined;
}

export function readSnippets(document: string): Snippet[] {
  const content = readFileSync(document, 'utf8');
  return [...content.matchAll(fencePattern)].map(({ index, 1: extension = '', 2: text = '' }) => ({
    text,
    line: content.slice(0, index).split('\n').length,
    extension,
    path: pathPattern.exec(text.split('\n')[0] ?? '')?.[1],
  }));
}
