import { readFileSync } from 'node:fs';

const fencePattern = /^```(tsx?)\n([\s\S]*?)^```$/gm;

/**
 * A fence whose first line is a comment with a path is that file, for others to import. Where it
 * reads otherwise with one major version of the AI SDK, a second fence says
 * `// lib/answer.ts, with AI SDK 6`.
 */
const pathPattern = /^\/\/ ([\w./[\]-]+\.tsx?)(?:, with AI SDK ([67]))?$/;

/** TypeScript in a document. */
interface Snippet {
  text: string;
  /** Where it begins, counted from 1. */
  line: number;
  extension: string;
  /** The file that it is. */
  path: string | undefined;
  /** The only major version of the AI SDK that it is for. */
  major: number | undefined;
}

export function readSnippets(document: string): Snippet[] {
  const content = readFileSync(document, 'utf8');
  return [...content.matchAll(fencePattern)].map(({ index, 1: extension = '', 2: text = '' }) => {
    const [, path, major] = pathPattern.exec(text.split('\n')[0] ?? '') ?? [];
    return {
      text,
      line: content.slice(0, index).split('\n').length,
      extension,
      path,
      major: major === undefined ? undefined : Number(major),
    };
  });
}

/** The files that a document shows, by path, as somebody pastes them who uses that major version. */
export function readPastedFiles(document: string, major: 6 | 7): Map<string, string> {
  const snippets = readSnippets(document);
  const common = snippets.filter((snippet) => snippet.major === undefined);
  const special = snippets.filter((snippet) => snippet.major === major);
  return new Map(
    [...common, ...special].flatMap(({ path, text }): [string, string][] =>
      path ? [[path, text]] : [],
    ),
  );
}
