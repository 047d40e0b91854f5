import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a bundler makes of a program that uses the built package by its name. */
async function bundle(program: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

const load = (code: string): Promise<Record<string, unknown>> =>
  import(`data:text/javascript,${encodeURIComponent(code)}`);

const programs = {
  server:
    "import { defineTask } from 'ai-task-stream/server'; export const task = defineTask({ name: 'a', execute() {} });",
  redis:
    "import { createRedisStreamContext as create } from 'ai-task-stream/redis'; export const context = create({ url: 'redis://localhost' });",
};

/** BullMQ itself is for Node. */
const forNode = {
  bullmq:
    "import { createTaskQueue as create } from 'ai-task-stream/bullmq'; export const queue = create({ tasks: [] });",
};

it.each(Object.entries({ ...programs, ...forNode }))(
  'the entry for %s says in a page that it belongs on a server, and brings nothing else (reads dist)',
  async (entry, program) => {
    const code = await bundle(program, { platform: 'browser' });
    expect(code.length).toBeLessThan(2_000);
    await expect(load(code)).rejects.toThrow(`ai-task-stream/${entry} runs on servers`);
  },
);

describe.each(Object.entries(programs))('the entry for %s (reads dist)', (_entry, program) => {
  it.each([
    ['workerd', 'worker', 'browser'],
    ['edge-light', 'worker', 'browser'],
    ['worker', 'browser'],
  ])('is itself where a bundler builds for %s', async (...conditions) => {
    const external = ['ioredis', 'redis', 'node:*'];
    const code = await bundle(program, { platform: 'browser', conditions, external });
    expect(Object.keys(await load(code))).toHaveLength(1);
  });
});
