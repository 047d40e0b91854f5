// What `npm pack` makes of the build: nothing in it points at what is not in it.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const runFile = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await runFile('npm', pack, { cwd: root });
  const [{ filename }] = JSON.parse(stdout);
  await runFile('tar', ['-xzf', filename, '--strip-components', '1'], { cwd: folder });
});

afterAll(() => rm(folder, { recursive: true }));

/** The files of the package that have such a name. */
function filesOf(pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What files point at and the package does not have, as `file: target`. */
function findDangling(files: string[], targetsOf: (text: string) => string[]): string[] {
  expect(files).not.toEqual([]);
  return files.flatMap((file) =>
    targetsOf(readFileSync(file, 'utf8'))
      .filter((target) => !existsSync(join(dirname(file), target)))
      .map((target) => `${relative(folder, file)}: ${target}`),
  );
}

function targetsOfPage(markdown: string): string[] {
  const withoutCode = markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  const links = withoutCode.matchAll(
    /\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)|(?:src|srcset|href)="([^"\s]+)/gm,
  );
  return [...links]
    .map(([, inline, reference, html]) => inline ?? reference ?? html ?? '')
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => decodeURI(target.replace(/[#?].*$/, '')));
}

/** All strings in the values of package.json that name a file. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

describe('the tarball (reads dist: `npm run build` before)', () => {
  it('has what its pages link to and show', () => {
    expect(findDangling(filesOf(/\.md$/), targetsOfPage)).toEqual([]);
  });

  it('has what its package.json names', () => {
    const file = join(folder, 'package.json');
    const { exports, bin, types, files } = JSON.parse(readFileSync(file, 'utf8'));
    const named = [...pathsIn([exports, bin, types]), ...files];
    expect(named.length).toBeGreaterThan(5);
    expect(findDangling([file], () => named)).toEqual([]);
  });

  it('has what its modules and types import', () => {
    const imports = (code: string) =>
      ts
        .preProcessFile(code)
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => name.startsWith('.'));
    expect(findDangling(filesOf(/\.js$/), imports)).toEqual([]);
    // Types are in the file beside the module that they are imported by.
    const types = (code: string) => imports(code).map((path) => path.replace(/\.js$/, '.d.ts'));
    expect(findDangling(filesOf(/\.d\.ts$/), types)).toEqual([]);
  });

  it('has the maps of its modules, and the sources in them', () => {
    const maps = (code: string) =>
      [...code.matchAll(/^\/\/# sourceMappingURL=(\S+)$/gm)].map(([, path = '']) => path);
    expect(findDangling(filesOf(/\.(js|d\.ts)$/), maps)).toEqual([]);
    for (const file of filesOf(/\.map$/)) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(file, 'utf8'));
      expect(sourcesContent, file).toHaveLength(sources.length);
      expect(sourcesContent).not.toContain(null);
    }
  });

  it('is published only once npm can tell where its links lead', async () => {
    const script = join(root, 'scripts/before-publish.mjs');
    const run = async (manifest: object) => {
      const place = await mkdtemp(join(folder, 'manifest-'));
      await writeFile(join(place, 'package.json'), JSON.stringify(manifest));
      return runFile(process.execPath, [script], { cwd: place });
    };
    await expect(run({})).rejects.toThrow('Set `repository` in package.json');
    await run({ repository: { type: 'git', url: 'git+https://git.example/a/b.git' } });
  });

  it('notices what is missing', () => {
    const page = '[a](gone.md#x) ![b](images/none.png) <img src="no.png"> [c](https://x) [d](#e)';
    expect(targetsOfPage(page)).toEqual(['gone.md', 'images/none.png', 'no.png']);
  });
});
