import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

const documents = [...filesIn('docs', '.md'), ...filesIn('docs/hosts', '.md')];

/** The files of `examples` that the documents show: document, path, and text. */
const shown = documents.flatMap((document) =>
  [...read(document).matchAll(/^```tsx?\n\/\/ (examples\/\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, path = '', text = '']) => ({ document, path, text }),
  ),
);

describe('the documents', () => {
  it.each(shown)('$document shows $path as it is', ({ path, text }) => {
    expect(text).toBe(read(path));
  });

  it('show all patterns', () => {
    expect(shown.map(({ path }) => path)).toEqual(
      expect.arrayContaining(filesIn('examples/patterns', '.ts')),
    );
  });

  it('list all pages of hosts', () => {
    const index = read('docs/hosts/README.md');
    for (const path of filesIn('docs/hosts', '.md')) {
      const name = path.slice('docs/hosts/'.length);
      if (name !== 'README.md') expect(index).toContain(`(${name})`);
    }
  });
});
