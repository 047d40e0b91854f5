import { readFileSync } from 'node:fs';
import { applyDiff } from './apply-diff';

const fencePattern = /^```(tsx?|diff)\n([\s\S]*?)^```$/gm;

/**
 * A fence whose first line is a comment with a path is that file, which other snippets can import. A
 * fence with `// lib/answer.ts, with AI SDK 6` takes its place for that major version; when it is a
 * `diff`, it tells only which lines are others.
 */
const pathPattern = /^\/\/ ([\w./[\]-]+\.(tsx?))(?:, with AI SDK ([67]))?$/;

/** TypeScript in a document. */
interface Snippet {
  text: string;
  /** The line that the snippet begins at, counted from 1. */
  line: number;
  extension: string;
  /** The path of the file that the snippet is, if it names one. */
  path: string | undefined;
  /** The only major version of the AI SDK that the snippet is for; `undefined` is any. */
  major: number | undefined;
}

export function readSnippets(document: string): Snippet[] {
  const content = readFileSync(document, 'utf8');
  const fences = [...content.matchAll(fencePattern)].map(
    ({ index, 1: language = '', 2: text = '' }) => {
      const [, path, extension, major] = pathPattern.exec(text.split('\n')[0] ?? '') ?? [];
      return {
        text,
        line: content.slice(0, index).split('\n').length,
        extension: language === 'diff' ? extension : language,
        isDiff: language === 'diff',
        path,
        major: major === undefined ? undefined : Number(major),
      };
    },
  );
  const wholes = fences.filter(({ isDiff }) => !isDiff);
  // Of other diffs, people read only.
  return fences.flatMap(({ isDiff, extension, ...fence }) => {
    if (extension === undefined) return [];
    if (!isDiff) return { ...fence, extension };
    const whole = wholes.find(({ path, major }) => path === fence.path && major === undefined);
    if (!whole) throw new Error(`${document} changes ${fence.path}, and does not show it.`);
    return { ...fence, extension, text: applyDiff(whole.text, fence.text) };
  });
}

/** The files that a document shows to users of a major version of the AI SDK, by path. */
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
