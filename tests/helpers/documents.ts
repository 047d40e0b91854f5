import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What people read, by its path: all but the API reference, which is made from the sources. */
export const documents: readonly string[] = [
  'README.md',
  'PROTOCOL.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/errors', 'docs/hosts'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
