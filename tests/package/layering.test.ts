import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const runFile = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const biome = join(root, 'node_modules', '.bin', 'biome');

/** Imports that the layout forbids, by the file that would hold them. */
const forbidden: [file: string, specifier: string][] = [
  ['src/protocol/probe.ts', '../server/index'],
  ['src/protocol/probe.ts', '../ui/index'],
  ['src/protocol/probe.ts', 'react'],
  ['src/protocol/probe.ts', 'node:fs'],
  ['src/server/probe.ts', '../ui/index'],
  ['src/server/http/probe.ts', '../../ui/index'],
  ['src/server/probe.ts', 'react'],
  ['src/ui/probe.ts', '../server/index'],
  ['src/ui/probe.ts', './react/index'],
  ['src/ui/probe.ts', 'react'],
  ['src/ui/react/probe.ts', '../../server/index'],
  ['src/ui/react/probe.ts', 'ai-task-stream/ui'],
  ['src/ui/probe.ts', '../cli/probe'],
  ['src/server/probe.ts', '../cli/probe'],
  ['src/cli/probe.ts', '../server/index'],
  ['src/cli/probe.ts', '../ui/react/index'],
  ['src/server/probe.ts', '../testing/index'],
  ['src/server/http/probe.ts', '../../testing/index'],
  ['src/ui/probe.ts', '../testing/index'],
  ['src/ui/react/probe.ts', '../../testing/index'],
  ['src/cli/probe.ts', '../testing/index'],
  ['src/testing/probe.ts', '../ui/react/index'],
  ['src/testing/probe.ts', '../cli/probe'],
  ['src/testing/contract/probe.ts', 'vitest'],
];

const allowed: [file: string, specifier: string][] = [
  ['src/server/http/probe.ts', '../../protocol/index'],
  ['src/server/http/probe.ts', '../context/probe'],
  ['src/ui/probe.ts', '../protocol/index'],
  ['src/ui/react/probe.ts', '../index'],
  ['src/ui/react/probe.ts', '../../protocol/index'],
  ['src/ui/react/probe.ts', 'react'],
  ['src/cli/probe.ts', '../ui/index'],
  ['src/cli/probe.ts', '../protocol/index'],
  ['src/cli/probe.ts', 'node:util'],
  ['src/testing/probe.ts', '../server/index'],
  ['src/testing/contract/probe.ts', '../../protocol/index'],
  ['src/testing/probe.ts', '../ui/index'],
];

describe('the linter holds the layers apart', () => {
  let project: string;

  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'ai-task-stream-layers-'));
    await cp(join(root, 'biome.json'), join(project, 'biome.json'));
    await writeFile(join(project, '.gitignore'), 'node_modules\n');
    await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  });

  afterEach(() => rm(project, { recursive: true }));

  it.each(forbidden)('refuses in %s an import of %s', async (file, specifier) => {
    expect(await lint(file, specifier)).toContain('lint/style/noRestrictedImports');
  });

  it.each(allowed)('accepts in %s an import of %s', async (file, specifier) => {
    expect(await lint(file, specifier)).toBe('');
  });

  async function lint(file: string, specifier: string): Promise<string> {
    const path = join(project, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `import { probe } from '${specifier}';\n\nprobe();\n`);
    expect(existsSync(biome)).toBe(true);
    return runFile(biome, ['ci', '--colors=off', 'src'], { cwd: project }).then(
      () => '',
      (failure: { stdout: string; stderr: string }) => failure.stdout + failure.stderr,
    );
  }
});
