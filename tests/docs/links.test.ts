import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['docs', 'docs/api', 'docs/errors', 'docs/hosts'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`),
);
const documents = ['README.md', 'PROTOCOL.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...pages];

/** The anchors of a page: those of its headings, as GitHub makes them, and those set by hand. */
function anchorsOf(markdown: string): string[] {
  const counts = new Map<string, number>();
  const ofHeadings = withoutCode(markdown).matchAll(/^#+ (.+)$/gm);
  const anchors = [...ofHeadings].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  return [...anchors, ...[...markdown.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)];
}

/** In code, a `#` begins no heading, and brackets make no link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '');
}

it.each(documents)('the links and pictures of %s lead somewhere', (document) => {
  const markdown = withoutCode(readFileSync(join(root, document), 'utf8'));
  const targets = [...markdown.matchAll(/\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  );
  const broken = targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, document) : join(root, dirname(document), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
  });
  expect(broken).toEqual([]);
});
