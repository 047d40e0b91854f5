import { fileURLToPath } from 'node:url';
import { readDocument } from '../helpers/documents';
import { readInstallLines } from '../helpers/install-lines';
import { readPastedFiles } from '../helpers/snippets';

export type Major = 6 | 7;

/** What a page of the docs has its reader do. */
export interface Recipe {
  /** The packages to install, as they stand in its `npm install` lines: `ai` or `ai@6`. */
  packages: string[];
  /** The files to paste, by path. */
  files: Map<string, string>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Reads a page as somebody does who uses one major version of the AI SDK. */
export function readRecipe(document: string, major: Major): Recipe {
  return {
    packages: readPackages(readDocument(document), major),
    files: readPastedFiles(root + document, major),
  };
}

/** Of lines for one major version each, the other one's is left out. */
function readPackages(content: string, major: Major): string[] {
  const lines = readInstallLines(content);
  const wanted = lines.filter((names) => majorOf(names) === major);
  const neutral = lines.filter((names) => majorOf(names) === undefined);
  if (wanted.length === 0) throw new Error(`No line installs \`ai@${major}\`:\n${content}`);
  return [...wanted, ...neutral].flat();
}

/** Which major version a line installs, if it installs one. */
function majorOf(names: string[]): number | undefined {
  const name = names.find((given) => /^ai(@|$)/.test(given));
  return name === undefined ? undefined : Number(name.split('@')[1] ?? 7);
}
