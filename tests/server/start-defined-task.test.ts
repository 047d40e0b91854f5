import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TaskError } from 'ai-task-stream';
import {
  createTaskRoute,
  type DefinedExecuteOptions,
  defineTask,
  resumeTask,
} from 'ai-task-stream/server';
import superjson from 'superjson';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { createDeferred } from '../helpers/async';
import { chunksIn } from '../helpers/sse';
import { createId, createOwnContext } from '../helpers/tasks';

const schema = z.object({ topic: z.string(), pages: z.coerce.number<string>().default(1) });

type Given = DefinedExecuteOptions<z.output<typeof schema>, string, unknown>;

function defineReport(work: (options: Given) => unknown = ({ input }) => input) {
  const execute = vi.fn(work);
  const onError = vi.fn();
  return {
    report: defineTask({ name: 'report', input: schema, onError, execute }),
    execute,
    onError,
  };
}

describe('start of a definition', () => {
  it('runs the work with what the schema makes of the input, without a request', async () => {
    const { report, execute } = defineReport();
    const streamContext = createOwnContext();
    const task = report.start({ topic: 'tides', pages: '3' }, { streamContext });
    expect(await task.result).toEqual({ topic: 'tides', pages: 3 });
    expect(execute.mock.calls[0]?.[0]).toMatchObject({
      input: { topic: 'tides', pages: 3 },
      request: undefined,
      params: {},
    });
    expect(await streamContext.inspect(task.taskId)).toMatchObject({ name: 'report' });
  });

  it('passes on a request and parameters that there are', async () => {
    const { report, execute } = defineReport();
    const request = new Request('http://localhost/cron');
    const params = { id: '7' };
    const options = { streamContext: createOwnContext(), request, params };
    await report.start({ topic: 'tides' }, options).result;
    expect(execute.mock.calls[0]?.[0]).toMatchObject({ request, params });
  });

  it('refuses an input that does not fit, and starts nothing', async () => {
    const { report, execute, onError } = defineReport();
    const streamContext = createOwnContext();
    const open = vi.spyOn(streamContext, 'open');
    const task = report.start({ topic: 7 } as never, { streamContext });
    const refused = { code: 'invalid-input', details: { issues: [{ path: ['topic'] }] } };
    await expect(task.result).rejects.toMatchObject(refused);
    await expect(task.consume()).rejects.toMatchObject(refused);
    expect(await task.cancel()).toBe(false);
    const response = await task.toResponse();
    expect([response.status, await response.json()]).toMatchObject([400, { error: refused }]);
    expect(execute).not.toHaveBeenCalled();
    expect(onError).not.toHaveBeenCalled();
    expect(open).not.toHaveBeenCalled();
    expect(await streamContext.inspect(task.taskId)).toBeUndefined();
  });

  it('is never an unhandled rejection, and tells the host of a schema that fails', async () => {
    const onError = vi.fn();
    const failure = new Error('secret');
    const failing = defineTask({
      name: 'failing',
      input: {
        '~standard': { version: 1, vendor: 'own', validate: () => Promise.reject(failure) },
      } as StandardSchemaV1<string>,
      onError,
      execute: () => 1,
    });
    const task = failing.start('x', { streamContext: createOwnContext() });
    const response = await task.toResponse();
    expect([response.status, await response.text()]).toEqual([
      500,
      '{"error":{"code":"internal","message":"The input could not be checked."}}',
    ]);
    expect(onError).toHaveBeenCalledWith(failure, { taskId: task.taskId });
  });

  it('throws at once for options that are out of range', () => {
    const { report } = defineReport();
    expect(() => report.start({ topic: 'tides' }, { heartbeatMs: -1 })).toThrow(TaskError);
  });

  it('joins the task of a taskId that comes again', async () => {
    const gate = createDeferred();
    const { report, execute } = defineReport(() => gate.promise);
    const options = { streamContext: createOwnContext(), taskId: createId() };
    const tasks = [1, 2].map(() => report.start({ topic: 'tides' }, options));
    const results = Promise.all(tasks.map((task) => task.result));
    gate.resolve();
    await results;
    expect(execute).toHaveBeenCalledOnce();
  });

  it('is followed, joined and cancelled through the routes of its definition only', async () => {
    const { report } = defineReport(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const other = defineTask({ name: 'other', execute: () => 1 });
    const streamContext = createOwnContext();
    const settings = { streamContext, owner: () => 'ada', onError: () => {} };
    const task = report.start({ topic: 'tides' }, { streamContext, owner: 'ada' });
    const url = `http://localhost/task?taskId=${task.taskId}`;
    await vi.waitFor(async () => expect(await streamContext.inspect(task.taskId)).toBeDefined());
    expect((await createTaskRoute(other, settings).GET(new Request(url))).status).toBe(404);
    const route = createTaskRoute(report, settings);
    const following = await route.GET(new Request(url));
    expect(following.status).toBe(200);
    const cancelled = await route.DELETE(new Request(url, { method: 'DELETE' }));
    expect(await cancelled.json()).toEqual({ cancelled: true });
    expect(chunksIn(await following.text()).at(-1)).toMatchObject({ type: 'abort' });
    expect((await task.consume()).status).toBe('cancelled');
  });

  it('makes it the active task of a chat, and tells onSettle', async () => {
    const { report } = defineReport();
    const streamContext = createOwnContext();
    const onSettle = vi.fn();
    const waited: Promise<unknown>[] = [];
    const task = report.start(
      { topic: 'tides' },
      {
        ...{ streamContext, chatId: 'chat', messageId: 'm1', onSettle },
        waitUntil: (promise) => waited.push(promise),
      },
    );
    const response = await resumeTask({ streamContext, taskId: task.taskId }).toResponse();
    await response.text();
    await Promise.all(waited);
    expect(onSettle).toHaveBeenCalledWith(
      expect.objectContaining({ chatId: 'chat', message: expect.objectContaining({ id: 'm1' }) }),
    );
  });

  it('takes the input as it is where the page encodes it', async () => {
    const day = new Date(0);
    const dated = defineTask({
      name: 'dated',
      input: z.date(),
      transformer: superjson,
      execute: ({ input }) => input,
    });
    const task = dated.start(day, { streamContext: createOwnContext() });
    expect(await task.result).toEqual(day);
  });

  it('needs no input for a task that takes none', async () => {
    const streamContext = createOwnContext();
    const nightly = defineTask({ name: 'nightly', streamContext, execute: () => 1 } as never);
    expect(await nightly.start().result).toBe(1);
    const optional = defineTask({
      name: 'optional',
      input: z.string().optional(),
      execute: ({ input }) => input ?? 'none',
    });
    expect(await optional.start(undefined, { streamContext }).result).toBe('none');
  });
});

it('has the types of the definition', () => {
  const { report } = defineReport();
  const check = () => {
    // @ts-expect-error the task takes an input
    report.start();
    // @ts-expect-error the task takes another input
    report.start({ subject: 'tides' });
    // @ts-expect-error the page gives it as text
    report.start({ topic: 'tides', pages: 3 });
    const counted = defineTask({ name: 'counted', input: schema, execute: () => 7 });
    expectTypeOf(counted.start({ topic: 'tides' }).result).toEqualTypeOf<Promise<number>>();
    counted.start({ topic: 'tides' }, { onSettle: ({ result }) => void result?.toFixed() });
    // @ts-expect-error the definition has the work
    counted.start({ topic: 'tides' }, { execute: () => 1 });
    defineTask({ name: 'free', execute: ({ request }) => request?.url }).start();
    // @ts-expect-error there may be no request
    defineTask({ name: 'bound', execute: ({ request }) => request.url });
  };
  expect(check).toBeTypeOf('function');
});
