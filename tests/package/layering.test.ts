import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
  ['src/ui/react/probe.ts', '@ai-sdk/react'],
  ['src/ui/react/probe.ts', './chat/probe'],
  ['src/ui/react/chat/probe.ts', '../../../server/index'],
  ['src/ui/chat/probe.ts', '../react/probe'],
  ['src/ui/chat/probe.ts', 'react'],
  ['src/ui/probe.ts', '../cli/probe'],
  ['src/server/probe.ts', '../cli/probe'],
  ['src/cli/probe.ts', '../server/index'],
  ['src/server/probe.ts', './route/probe'],
  ['src/server/probe.ts', './redis/index'],
  ['src/server/route/probe.ts', '../redis/index'],
  ['src/server/http/probe.ts', '../task/probe'],
  ['src/server/http/probe.ts', '../memory/probe'],
  ['src/server/task/probe.ts', '../http/probe'],
  ['src/server/task/probe.ts', '../stream-task'],
  ['src/server/task/probe.ts', '../recovery/probe'],
  ['src/server/recovery/probe.ts', '../http/probe'],
  ['src/server/recovery/probe.ts', '../define-task'],
  ['src/server/chat/probe.ts', '../task/probe'],
  ['src/server/chat/probe.ts', '../route/probe'],
  ['src/server/chat/probe.ts', '../define-task'],
  ['src/server/log/probe.ts', '../task/probe'],
  ['src/server/log/probe.ts', '../memory/probe'],
  ['src/server/log/probe.ts', '../../ui/index'],
  ['src/server/time/probe.ts', '../log/probe'],
  ['src/server/memory/probe.ts', '../task/probe'],
  ['src/server/memory/probe.ts', '../redis/read/probe'],
  ['src/server/resumable/probe.ts', '../memory/probe'],
  ['src/server/resumable/probe.ts', '../to-task-stream-context'],
  ['src/server/redis/probe.ts', '../memory/probe'],
  ['src/server/redis/probe.ts', '../resume-task'],
  ['src/server/redis/client/probe.ts', '../scripts/probe'],
  ['src/server/redis/client/probe.ts', '../../task/probe'],
  ['src/server/redis/scripts/probe.ts', '../read/probe'],
  ['src/server/redis/scripts/probe.ts', '../redis-stream-context'],
  ['src/server/redis/write/probe.ts', '../read/probe'],
  ['src/server/redis/read/probe.ts', '../../http/probe'],
  ['src/server/redis/read/probe.ts', '../../../ui/index'],
  ['src/cli/probe.ts', '../ui/react/index'],
  ['src/server/probe.ts', '../testing/index'],
  ['src/server/http/probe.ts', '../../testing/index'],
  ['src/ui/probe.ts', '../testing/index'],
  ['src/ui/react/probe.ts', '../../testing/index'],
  ['src/cli/probe.ts', '../testing/index'],
  ['src/testing/probe.ts', '../ui/react/index'],
  ['src/testing/probe.ts', '../cli/probe'],
  ['src/testing/contract/probe.ts', 'vitest'],
  ['src/server/probe.ts', '../bullmq/probe'],
  ['src/server/probe.ts', 'bullmq'],
  ['src/bullmq/probe.ts', '../server/redis/index'],
  ['src/bullmq/probe.ts', '../server/route/probe'],
  ['src/bullmq/probe.ts', '../ui/index'],
];

const allowed: [file: string, specifier: string][] = [
  ['src/bullmq/probe.ts', '../server/recovery/probe'],
  ['src/bullmq/probe.ts', 'bullmq'],
  ['src/server/http/probe.ts', '../../protocol/index'],
  ['src/server/probe.ts', './task/probe'],
  ['src/server/probe.ts', './memory/probe'],
  ['src/server/route/probe.ts', '../stream-task'],
  ['src/server/http/probe.ts', '../log/probe'],
  ['src/server/task/probe.ts', '../time/probe'],
  ['src/server/probe.ts', './recovery/probe'],
  ['src/server/recovery/probe.ts', '../task/probe'],
  ['src/server/chat/probe.ts', '../http/probe'],
  ['src/server/log/probe.ts', '../time/probe'],
  ['src/server/log/probe.ts', '../../protocol/probe'],
  ['src/server/memory/probe.ts', '../log/probe'],
  ['src/server/resumable/probe.ts', '../log/probe'],
  ['src/server/redis/probe.ts', './read/probe'],
  ['src/server/redis/client/probe.ts', '../../time/probe'],
  ['src/server/redis/scripts/probe.ts', '../client/probe'],
  ['src/server/redis/write/probe.ts', '../scripts/probe'],
  ['src/server/redis/read/probe.ts', '../write/probe'],
  ['src/server/redis/read/probe.ts', '../../../protocol/probe'],
  ['src/ui/probe.ts', '../protocol/index'],
  ['src/ui/react/probe.ts', '../index'],
  ['src/ui/react/probe.ts', '../../protocol/index'],
  ['src/ui/react/probe.ts', 'react'],
  ['src/ui/react/chat/probe.ts', '@ai-sdk/react'],
  ['src/ui/react/chat/probe.ts', '../../chat/probe'],
  ['src/cli/probe.ts', '../ui/index'],
  ['src/cli/probe.ts', '../protocol/index'],
  ['src/cli/probe.ts', 'node:util'],
  ['src/testing/probe.ts', '../server/index'],
  ['src/testing/contract/probe.ts', '../../protocol/index'],
  ['src/testing/probe.ts', '../ui/index'],
];

describe('the linter holds the layers apart', () => {
  let project: string;
  /** What the linter says, all probes at once. */
  let report: string;

  beforeAll(async () => {
    expect(existsSync(biome)).toBe(true);
    project = await mkdtemp(join(tmpdir(), 'ai-task-stream-layers-'));
    await cp(join(root, 'biome.json'), join(project, 'biome.json'));
    await writeFile(join(project, '.gitignore'), 'node_modules\n');
    await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
    for (const [index, [file, specifier]] of [...forbidden, ...allowed].entries()) {
      const path = join(project, nameOf(file, index));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `import { probe } from '${specifier}';\n\nprobe();\n`);
    }
    const options = ['ci', '--colors=off', '--max-diagnostics=none', 'src'];
    report = await runFile(biome, options, { cwd: project }).then(
      () => '',
      (failure: { stdout: string; stderr: string }) => failure.stdout + failure.stderr,
    );
  });

  afterAll(() => rm(project, { recursive: true }));

  it.each(forbidden.map(withIndex(0)))('refuses in %s an import of %s', (file, _, index) => {
    const found = findingsOf(nameOf(file, index));
    expect(found).toEqual([expect.stringContaining('lint/style/noRestrictedImports')]);
  });

  it.each(allowed.map(withIndex(forbidden.length)))(
    'accepts in %s an import of %s',
    (file, _, index) => {
      expect(findingsOf(nameOf(file, index))).toEqual([]);
    },
  );

  /** The lines in which the linter names a file, each of which says what is wrong there. */
  function findingsOf(file: string): string[] {
    return report.split('\n').filter((line) => line.startsWith(`${file}:`) || line === file);
  }
});

/** Each probe is a file of its own, so that one run of the linter looks at all of them. */
function nameOf(file: string, index: number): string {
  return file.replace(/\.ts$/, `-${index}.ts`);
}

function withIndex(first: number) {
  return ([file, specifier]: [string, string], index: number): [string, string, number] => [
    file,
    specifier,
    first + index,
  ];
}
