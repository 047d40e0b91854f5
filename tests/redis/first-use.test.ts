import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createId } from '../helpers/tasks';

const root = fileURLToPath(new URL('../../', import.meta.url));

beforeEach(() => {
  vi.stubEnv('REDIS_URL', undefined);
  vi.stubEnv('KV_URL', undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('a context without an address', () => {
  const words = /REDIS_URL|`url`|`client`/;

  async function refuse(
    use: (context: TaskStreamContext, onError: () => void) => Promise<Response>,
  ) {
    const onError = vi.fn();
    const streamContext = createRedisStreamContext({ onError });
    const onTaskError = vi.fn();
    const response = await use(streamContext, onTaskError);
    const answer = [response.status, await response.json()];
    expect(answer).toEqual([
      500,
      { error: { code: 'internal', message: expect.not.stringMatching(words) } },
    ]);
    await streamContext.close();
    expect(onError).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringMatching(words) }),
    );
    return onTaskError;
  }

  it.each(['refuse', 'run'] as const)(
    'refuses to start a task, and tells the host, with whenUnavailable %s',
    async (whenUnavailable) => {
      const execute = vi.fn();
      const onError = await refuse(async (streamContext, onError) => {
        const task = streamTask({ streamContext, whenUnavailable, execute, onError });
        await expect(task.result).rejects.toMatchObject({ code: 'invalid-options' });
        return task.toResponse();
      });
      expect(onError).toHaveBeenCalledWith(
        expect.objectContaining({ code: 'invalid-options' }),
        expect.anything(),
      );
      expect(execute).not.toHaveBeenCalled();
    },
  );

  it('refuses each request of a route, and each other verb', async () => {
    const url = `http://localhost/task?taskId=${createId()}`;
    const task = defineTask({ name: 'report', execute: () => 1 });
    const body = JSON.stringify({ input: 1 });
    const headers = { 'content-type': 'application/json' };
    const requests = [
      new Request(url, { method: 'POST', body, headers }),
      new Request(url),
      new Request(url, { method: 'DELETE' }),
    ];
    for (const request of requests) {
      const onError = await refuse(async (streamContext, onError) => {
        const route = createTaskRoute(task, { streamContext, onError });
        return route[request.method as keyof typeof route](request);
      });
      if (request.method !== 'GET') expect(onError).toHaveBeenCalled();
    }
    await refuse((streamContext) => resumeTask({ streamContext, chatId: 'chat' }).toResponse());
  });

  it('works once there is one', async () => {
    const streamContext = createRedisStreamContext({ onError() {} });
    await expect(streamContext.inspect(createId())).rejects.toThrow(/REDIS_URL/);
    vi.stubEnv('REDIS_URL', 'somewhere');
    await expect(streamContext.inspect(createId())).rejects.toThrow(/begins with `redis:/);
    vi.stubEnv('REDIS_URL', inject('redisUrl'));
    expect(await streamContext.inspect(createId())).toBeUndefined();
    await streamContext.close();
  });
});

describe('a module that makes a context', () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });

  /** Runs a program in a process that finds no packages, and gives what it prints. */
  async function run(program: string): Promise<unknown> {
    const directory = await mkdtemp(join(tmpdir(), 'first-use-'));
    directories.push(directory);
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: root, loader: 'ts' },
      tsconfig: join(root, 'tsconfig.tests.json'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['redis', 'ioredis'],
      loader: { '.lua': 'text' },
      write: false,
    });
    const file = join(directory, 'program.mjs');
    await writeFile(file, outputFiles[0]?.contents ?? '');
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      cwd: directory,
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    });
    return JSON.parse(stdout);
  }

  it('looks for no address and no package, and leaves nothing running', async () => {
    const seen = await run(`
      const read: string[] = [];
      process.env = new Proxy(process.env, {
        get(env, name) {
          read.push(String(name));
          return Reflect.get(env, name);
        },
      });
      const random = crypto.randomUUID;
      crypto.randomUUID = () => { throw new Error('Not while modules are loaded.'); };
      const { createRedisStreamContext } = await import('ai-task-stream/redis');
      const { createTaskRoute, defineTask } = await import('ai-task-stream/server');
      const told: string[] = [];
      const onError = ({ code }) => told.push(code);
      const streamContext = createRedisStreamContext({ onError });
      createRedisStreamContext({ url: 'redis://localhost:1', onError });
      createTaskRoute(defineTask({ name: 'report', execute: () => 1 }), { streamContext });
      const atImport = { read: read.filter((name) => name !== 'NODE_ENV'), told: [...told] };

      crypto.randomUUID = random;
      process.env.REDIS_URL = 'redis://localhost:1';
      const error = await streamContext.inspect('${createId()}').catch((error) => error);
      console.log(JSON.stringify({ atImport, message: error.message, code: error.code, told }));
    `);
    expect(seen).toEqual({
      atImport: { read: [], told: [] },
      code: 'invalid-options',
      message: 'To connect to a `url`, install the package `redis` or `ioredis`.',
      told: ['invalid-options'],
    });
  });
});
