import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const idPattern = /\b(R-[A-Z]+-\d+)\b/g;

const protocol = readFileSync(join(root, 'PROTOCOL.md'), 'utf8');
const defined = [...protocol.matchAll(/^- \*\*(R-[A-Z]+-\d+)\*\*/gm)].map(([, id = '']) => id);

function listFiles(folder: string): Dirent[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
}

/** The files that cite an id, by id. */
function findCitations(): Map<string, string[]> {
  const citations = new Map<string, string[]>();
  for (const entry of ['tests', 'src/testing/contract'].flatMap(listFiles)) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes('node_modules') || !/\.test\.tsx?$|[\\/]contract[\\/]/.test(path)) continue;
    if (!entry.isFile() || path === fileURLToPath(import.meta.url)) continue;
    for (const [id] of readFileSync(path, 'utf8').matchAll(idPattern)) {
      citations.set(id, [...(citations.get(id) ?? []), relative(root, path)]);
    }
  }
  return citations;
}

const citations = findCitations();

describe('PROTOCOL.md', () => {
  it('defines each requirement once, and numbers them without gaps', () => {
    expect(defined.length).toBeGreaterThan(0);
    expect(defined).toEqual([...new Set(defined)]);
    const counts = new Map<string, number>();
    for (const id of defined) {
      const [, group = '', number] = /^(.*)-(\d+)$/.exec(id) ?? [];
      counts.set(group, (counts.get(group) ?? 0) + 1);
      expect(`${group}-${number}`).toBe(`${group}-${counts.get(group)}`);
    }
  });

  it.each(defined)('has a test that cites %s', (id) => {
    expect(citations.get(id) ?? []).not.toEqual([]);
  });

  it('is cited by known ids only', () => {
    const unknown = [...citations].filter(([id]) => !defined.includes(id));
    expect(unknown).toEqual([]);
  });
});
