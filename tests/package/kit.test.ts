import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('the suite for stream contexts runs with the test runner of Node, as it is published (reads dist)', async () => {
  const folder = await mkdtemp(join(root, 'node_modules', '.kit-'));
  const program = `
    import { describe, it } from 'node:test';
    import { createMemoryStreamContext } from 'ai-task-stream/server';
    import { testStreamContext } from 'ai-task-stream/testing';
    testStreamContext(() => createMemoryStreamContext(), { describe, it });
  `;
  await writeFile(join(folder, 'memory.test.mjs'), program);
  const run = promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=tap', 'memory.test.mjs'],
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const { stdout } = await run.finally(() => rm(folder, { recursive: true }));
  expect(stdout).toMatch(/^# pass [1-9]\d+$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
