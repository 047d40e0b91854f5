import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

/** The members of the union `TaskErrorCode`. */
const codes = [
  ...(/export type TaskErrorCode =([^;]+);/
    .exec(read('src/protocol/task-error.ts'))?.[1]
    ?.matchAll(/'([a-z-]+)'/g) ?? []),
].map(([, code = '']) => code);

describe('the error pages', () => {
  it('are one for each code, and the index', () => {
    expect(codes.length).toBeGreaterThan(0);
    const pages = readdirSync(fileURLToPath(new URL('../../docs/errors', import.meta.url)));
    expect(pages.sort()).toEqual([...codes.map((code) => `${code}.md`), 'README.md'].sort());
  });

  it.each(codes)('of %s has its name, and is linked from the index and the README', (code) => {
    const page = read(`docs/errors/${code}.md`);
    expect(page.startsWith(`# \`${code}\`\n`)).toBe(true);
    expect(page).toContain('**When.**');
    expect(page).toContain('**What to do.**');
    expect(read('docs/errors/README.md')).toContain(`[\`${code}\`](${code}.md)`);
    expect(read('README.md')).toContain(`[\`${code}\`](docs/errors/${code}.md)`);
  });
});
