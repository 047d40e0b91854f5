import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** What a page that has no other packages would have to load for an entry. */
async function packagesOf(entry: string): Promise<string[]> {
  const packages = new Set<string>();
  await build({
    stdin: { contents: `export * from './${entry}.js';`, resolveDir: dist },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
    plugins: [
      {
        name: 'packages',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path }) => {
            packages.add(path);
            return { path, external: true };
          }),
      },
    ],
  });
  return [...packages].sort();
}

describe('the build for pages', () => {
  it.each([
    ['index', []],
    ['ui', ['ai']],
    ['react', ['ai', 'react']],
    ['react/chat', ['@ai-sdk/react', 'ai', 'react']],
  ])('bundles %s with these packages and no other: %j', async (entry, packages) => {
    expect((await packagesOf(entry)).filter((name) => !packages.includes(name))).toEqual([]);
  });
});
