import {
  createTaskRoute,
  defineTask,
  type StreamTaskOptions,
  streamTask,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { createId, createOwnContext } from '../helpers/tasks';

function invalid(message: string) {
  return expect.objectContaining({
    name: 'TaskError',
    code: 'invalid-options',
    message: expect.stringContaining(message),
  });
}

// As JavaScript, or types that were cast away, let them pass.
const define = (options: object) =>
  defineTask({ name: 'report', execute: () => 1, ...options } as { name: 'report'; execute(): 1 });

const post = (input: unknown) =>
  new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
  });

describe('what `defineTask` says of attempts', () => {
  it.each([
    [{ retry: 3 }, '`retry` must be an object'],
    [{ retry: [] }, '`retry` must be an object'],
    [{ retry: { attempts: 0 } }, '`retry.attempts`'],
    [{ retry: { attempts: 1.5 } }, '`retry.attempts`'],
    [{ retry: { maxTotal: -1 } }, '`retry.maxTotal`'],
    [{ retry: { backoffMs: -1 } }, '`retry.backoffMs`'],
    [{ retry: { backoffMs: Number.NaN } }, '`retry.backoffMs`'],
    [{ retry: { when: true } }, '`retry.when`'],
    [{ version: 0 }, '`version`'],
    [{ version: '1' }, '`version`'],
    [{ maxWaitMs: -1 }, '`maxWaitMs`'],
    [{ retry: {}, maxRunMs: 0 }, '`maxRunMs`'],
    [{ maxRunMs: 1_000 }, '`maxRunMs` hands a task over, so it needs `retry`'],
    [{ maxCheckpointBytes: 0 }, '`maxCheckpointBytes`'],
    [{ maxStoredBytes: 'much' }, '`maxStoredBytes`'],
    [{ context: {} }, '`context` must be a function'],
    [{ chat: 'chat' }, '`chat` must be a function'],
    [{ checkpoint: { page: 'number' } }, '`checkpoint` is no Standard Schema'],
  ])('is refused when it is wrong: %j', (options, message) => {
    expect(() => define(options)).toThrow(invalid(message));
  });

  it('needs a context that can attempt tasks again, when the route is made and at `start` (R-ATTEMPT-10)', () => {
    const task = define({ retry: {} });
    const { take: _, ...streamContext } = createOwnContext();
    for (const context of [streamContext, toResumableStreamContext(createOwnContext())]) {
      const message = 'cannot attempt tasks again';
      expect(() => createTaskRoute(task, { streamContext: context })).toThrow(invalid(message));
      expect(() => task.start(undefined, { streamContext: context })).toThrow(invalid(message));
    }
  });

  it('does not leave the transformer to a route', () => {
    const streamContext = createOwnContext();
    const transformer = { stringify: JSON.stringify, parse: JSON.parse };
    const own = define({ retry: {}, transformer });
    expect(() => createTaskRoute(define({ retry: {} }), { streamContext, transformer })).toThrow(
      invalid('pass its `transformer` to `defineTask`'),
    );
    expect(() =>
      createTaskRoute(own, { streamContext: createOwnContext(), transformer }),
    ).not.toThrow();
  });

  it('is nothing for `streamTask`, by its types and when it runs', () => {
    const options = { execute: () => 1, retry: {} };
    // @ts-expect-error nobody else could run this function
    expect(() => streamTask(options)).toThrow(invalid('Use `defineTask({ retry })`'));
    expectTypeOf<StreamTaskOptions<undefined, 1, Record<string, number>, unknown>>()
      .toHaveProperty('retry')
      .toEqualTypeOf<undefined>();
  });

  it('types the work: no request, the context, the checkpoint', () => {
    defineTask({
      name: 'typed',
      retry: { when: (error) => error instanceof TypeError },
      checkpoint: z.object({ step: z.number() }),
      context: async ({ request }) => ({ host: request?.headers.get('host') ?? '' }),
      chat: ({ context }) => ({ chatId: context.host }),
      execute: async ({ task, request, context }) => {
        expectTypeOf(request).toEqualTypeOf<undefined>();
        expectTypeOf(context).toEqualTypeOf<{ host: string }>();
        expectTypeOf(task.lastCheckpoint).toEqualTypeOf<{ step: number } | undefined>();
        await task.checkpoint({ step: 1 });
        // @ts-expect-error the checkpoint has other fields
        await task.checkpoint({ page: 1 });
        // @ts-expect-error a checkpoint has a value
        await task.checkpoint();
      },
    });
    defineTask({
      name: 'plain',
      execute: ({ task, request, context }) => {
        expectTypeOf(request).toEqualTypeOf<Request | undefined>();
        expectTypeOf(context).toEqualTypeOf<undefined>();
        expectTypeOf(task.lastCheckpoint).toEqualTypeOf<unknown>();
      },
    });
  });
});

describe('two definitions of one name on one context', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('are refused, by routes and by `start`', () => {
    const streamContext = createOwnContext();
    createTaskRoute(define({}), { streamContext });
    const message = 'two different definitions of the name `report`';
    const other = define({ execute: () => 2 });
    expect(() => createTaskRoute(other, { streamContext })).toThrow(invalid(message));
    expect(() => other.start(undefined, { streamContext })).toThrow(invalid(message));
    for (const options of [
      { version: 2 },
      { steps: { a: 1 } },
      { retry: {} },
      { input: z.any() },
    ]) {
      expect(() => createTaskRoute(define(options), { streamContext })).toThrow(invalid(message));
    }
    expect(() => createTaskRoute(define({ name: 'other' }), { streamContext })).not.toThrow();
    expect(() => createTaskRoute(other, { streamContext: createOwnContext() })).not.toThrow();
  });

  it('are one when a bundler has loaded the module twice, and has chosen other names', () => {
    const streamContext = createOwnContext();
    const load = (source: string) =>
      define({ retry: {}, execute: new Function(`return ${source}`)() });
    createTaskRoute(load('({ task }) => work(task, "a", 20)'), { streamContext });
    const again = load("({task:e})=>t.work(e,'a',20)");
    expect(() => createTaskRoute(again, { streamContext })).not.toThrow();
  });

  it('take each other’s place in development, where modules are reloaded', () => {
    vi.stubEnv('NODE_ENV', 'development');
    const streamContext = createOwnContext();
    createTaskRoute(define({}), { streamContext });
    const edited = define({ execute: () => 2 });
    expect(() => createTaskRoute(edited, { streamContext })).not.toThrow();
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => createTaskRoute(edited, { streamContext })).not.toThrow();
    expect(() => createTaskRoute(define({}), { streamContext })).toThrow(invalid('two different'));
  });
});

describe('what is stored of a task with `retry`', () => {
  it('starts nothing when it is too large: 413, `input-too-large`', async () => {
    const execute = vi.fn();
    const streamContext = createOwnContext();
    const task = defineTask({
      name: 'large',
      retry: {},
      maxStoredBytes: 100,
      context: () => 'x'.repeat(50),
      execute,
    });
    const route = createTaskRoute(task, { streamContext });
    const refused = await route.POST(post('y'.repeat(50)));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({
      error: { code: 'input-too-large', details: { bytes: 104, maxBytes: 100 } },
    });
    const taskId = createId();
    const started = task.start('y'.repeat(50), { streamContext, taskId });
    await expect(started.result).rejects.toMatchObject({ code: 'input-too-large' });
    expect(await streamContext.inspect(taskId)).toBeUndefined();
    expect(execute).not.toHaveBeenCalled();
    expect((await route.POST(post('y'.repeat(46)))).status).toBe(200);
  });

  it('starts nothing when JSON cannot carry it', async () => {
    const streamContext = createOwnContext();
    const settings = { streamContext, onError: () => {} };
    const task = define({ retry: {}, context: () => new Map() });
    await expect(task.start(undefined, settings).result).rejects.toMatchObject({
      code: 'unserializable',
      details: { path: 'context' },
    });
    const other = defineTask({ name: 'other', retry: {}, execute: () => 1 });
    await expect(other.start({ at: 1n }, settings).result).rejects.toMatchObject({
      code: 'unserializable',
      details: { path: 'input.at' },
    });
  });

  it('starts nothing when `context` or `chat` refuses, or fails', async () => {
    const onError = vi.fn();
    const settings = { streamContext: createOwnContext(), onError };
    const fail = () => {
      throw new Error('secret');
    };
    for (const options of [{ context: fail }, { chat: fail }]) {
      const task = define({ name: createId(), ...options });
      const response = await task.start(undefined, settings).toResponse();
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({
        error: { code: 'internal', message: 'The task could not be started.' },
      });
    }
    expect(onError).toHaveBeenCalledTimes(2);
  });
});
