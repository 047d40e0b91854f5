import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const runFile = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the published package (reads dist: `npm run build` before)', () => {
  it('is reached by its own name after a build', async () => {
    const program =
      "import { streamTask } from 'ai-task-stream/server'; console.log(typeof streamTask);";
    const { stdout } = await runFile(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
    });
    expect(stdout).toBe('function\n');
  });

  it.each(Object.entries(packageJson.exports).filter(([, target]) => typeof target === 'object'))(
    'loads %s in a fresh process that then ends by itself',
    async (entry) => {
      const name = entry.replace('.', 'ai-task-stream');
      await runFile(process.execPath, ['--input-type=module', '-e', `await import('${name}');`], {
        cwd: root,
        timeout: 30_000,
      });
    },
  );

  it('brings a program that runs as it is', async () => {
    const program = join(root, packageJson.bin['ai-task-stream']);
    expect(await readFile(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await runFile(process.execPath, [program, '--version'], { cwd: tmpdir() });
    expect(stdout).toBe(`${packageJson.version}\n`);
  });

  it('marks the React entries, and no other, as client code', async () => {
    const directive = /^(['"])use client\1;/;
    const isClient = async (entry: string): Promise<boolean> =>
      directive.test(await readFile(new URL(`../../dist/${entry}.js`, import.meta.url), 'utf8'));
    for (const entry of ['react', 'react/chat']) expect(await isClient(entry)).toBe(true);
    for (const entry of ['index', 'server', 'redis', 'bullmq', 'testing', 'ui'])
      expect(await isClient(entry)).toBe(false);
  });

  it('holds the build and the documents, and nothing else', async () => {
    const { stdout } = await runFile('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
    });
    const packed: { files: { path: string }[] }[] = JSON.parse(stdout);
    const paths = packed.flatMap(({ files }) => files.map(({ path }) => path));
    const expected =
      /^(dist\/.+\.(js|js\.map|d\.ts)|docs\/((api|errors|hosts)\/)?[^/]+\.md|docs\/images\/[^/]+\.png|(README|CHANGELOG|CONTRIBUTING|PROTOCOL)\.md|LICENSE|package\.json)$/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'package.json', 'dist/index.js']));
  });

  it('loads React only in the React entries', async () => {
    const importsReact = /from ["']react["'/]/;
    for (const entry of ['index', 'server', 'redis', 'bullmq', 'testing', 'ui']) {
      for (const file of await reachable(`${entry}.js`)) {
        expect(await readDist(file), `${entry} reaches ${file}`).not.toMatch(importsReact);
      }
    }
  });
});

async function reachable(entry: string): Promise<Set<string>> {
  const found = new Set([entry]);
  for (const file of found) {
    for (const [, next] of (await readDist(file)).matchAll(/["']\.\/([\w-]+\.js)["']/g)) {
      if (next) found.add(next);
    }
  }
  return found;
}

function readDist(file: string): Promise<string> {
  return readFile(new URL(`../../dist/${file}`, import.meta.url), 'utf8');
}
