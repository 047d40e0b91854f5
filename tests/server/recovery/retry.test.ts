import type { UIMessage } from 'ai';
import { TaskError, type TaskSettlement } from 'ai-task-stream';
import {
  createTaskRoute,
  defineTask,
  type TaskSettleEvent,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { takeTask } from '../../../src/server/take-task';
import { aborted, createDeferred, turns } from '../../helpers/async';
import { createLosingContext } from '../../helpers/losing-context';
import { createId, createOwnContext, readLog } from '../../helpers/tasks';

const again = (message = 'Not now.') => new TaskError({ message, code: 'busy', retryable: true });

/** A task whose attempts do what `work` says, and which notes what the host is told. */
function defineAttempts(
  work: (attempt: number, signal: AbortSignal) => unknown,
  options: { retry?: object; deadlineMs?: number } = {},
) {
  const errors: unknown[] = [];
  const settled: TaskSettleEvent<unknown>[] = [];
  const definition = defineTask({
    name: 'attempts',
    ...options,
    retry: { backoffMs: 0, ...options.retry },
    onError: (error) => {
      errors.push(error);
    },
    onSettle: (event) => {
      settled.push(event);
    },
    execute: ({ task, signal }) => work(task.attempt, signal),
  });
  return { definition, errors, settled };
}

async function settlementOf(task: { consume(): Promise<TaskSettlement> }) {
  const { status, error, result } = await task.consume();
  return { status, code: error?.code, result };
}

describe('a task with `retry` whose work fails', () => {
  it('is attempted again after an error that is retryable, and tells the host of each', async () => {
    const thrown = [again('one'), again('two')];
    const { definition, errors, settled } = defineAttempts((attempt) => {
      const error = thrown[attempt - 1];
      if (error) throw error;
      return attempt;
    });
    const streamContext = createOwnContext();
    const task = definition.start(undefined, { streamContext });
    expect(await settlementOf(task)).toEqual({ status: 'completed', code: undefined, result: 3 });
    expect(errors).toEqual(thrown);
    await vi.waitFor(() => expect(settled).toMatchObject([{ status: 'completed', result: 3 }]));
    expect(await streamContext.inspect(task.taskId)).not.toHaveProperty('isUnsaved');
  });

  it.each([
    ['an error that nobody calls retryable', {}, 1],
    ['an error of which `when` says so', { when: (error: unknown) => error === 'hm' }, 3],
    [
      'an error at which `when` fails',
      {
        when: () => {
          throw new Error('when');
        },
      },
      1,
    ],
  ])('is attempted as often as that is worth it after %s', async (_, retry, attempts) => {
    const { definition, errors } = defineAttempts(() => Promise.reject('hm'), { retry });
    const task = definition.start(undefined, { streamContext: createOwnContext() });
    expect(await settlementOf(task)).toMatchObject({ status: 'failed', code: 'internal' });
    expect(errors.filter((error) => error === 'hm')).toHaveLength(attempts);
  });

  it('settles with the last error when no attempts are left (R-ATTEMPT-9)', async () => {
    const { definition, settled } = defineAttempts(
      (attempt) => {
        throw again(`attempt ${attempt}`);
      },
      { retry: { attempts: 4 } },
    );
    const task = definition.start(undefined, { streamContext: createOwnContext() });
    expect(await task.consume()).toMatchObject({
      status: 'failed',
      error: { code: 'busy', message: 'attempt 4', retryable: true },
    });
    await vi.waitFor(() => expect(settled).toMatchObject([{ status: 'failed', isStored: true }]));
  });

  it('counts attempts from its newest checkpoint on, and all of them (R-ATTEMPT-9)', async () => {
    let attempts = 0;
    const definition = defineTask({
      name: 'poison',
      retry: { backoffMs: 0, attempts: 2, maxTotal: 7 },
      onError: () => {},
      execute: async ({ task }) => {
        attempts++;
        await task.checkpoint(attempts);
        throw again();
      },
    });
    const task = definition.start(undefined, { streamContext: createOwnContext() });
    expect(await settlementOf(task)).toMatchObject({ status: 'failed', code: 'busy' });
    expect(attempts).toBe(7);
  });

  it('waits as long as `backoffMs` says, and shows that it waits (R-ATTEMPT-11)', async () => {
    const asked: number[] = [];
    const backoffMs = (attempt: number) => {
      asked.push(attempt);
      return attempt === 1 ? 60_000 : 0;
    };
    const { definition, settled } = defineAttempts(
      () => {
        throw again();
      },
      { retry: { backoffMs } },
    );
    const streamContext = createOwnContext();
    const started = Date.now();
    const task = definition.start(undefined, { streamContext });
    await vi.waitFor(async () =>
      expect(await streamContext.inspect(task.taskId)).toMatchObject({ isWaiting: true }),
    );
    const record = await streamContext.inspect(task.taskId);
    expect(record).toMatchObject({ status: 'pending', attempt: 1 });
    expect(record?.notBefore).toBeGreaterThanOrEqual(started + 60_000);
    expect(asked).toEqual([1]);
    // A cancel ends the wait at once, and the host is told of it.
    expect(await task.cancel('Enough.')).toBe(true);
    expect(await settlementOf(task)).toMatchObject({ status: 'cancelled', code: 'cancelled' });
    await vi.waitFor(() => expect(settled).toMatchObject([{ status: 'cancelled' }]));
    expect(await streamContext.inspect(task.taskId)).not.toHaveProperty('isUnsaved');
  });

  it('is cancelled while it waits by its own signal, too (R-ATTEMPT-12)', async () => {
    const stop = new AbortController();
    const { definition } = defineAttempts(
      () => {
        throw again();
      },
      { retry: { backoffMs: 60_000 } },
    );
    const streamContext = createOwnContext();
    const { signal: abortSignal } = stop;
    const task = definition.start(undefined, { streamContext, abortSignal });
    await vi.waitFor(async () =>
      expect(await streamContext.inspect(task.taskId)).toMatchObject({ isWaiting: true }),
    );
    stop.abort('Closed.');
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'Closed.' },
    });
  });

  it('is not attempted again once it was told to stop', async () => {
    const running = createDeferred();
    const { definition } = defineAttempts(async (_, signal) => {
      running.resolve();
      await aborted(signal).catch(() => {});
      throw again();
    });
    const task = definition.start(undefined, { streamContext: createOwnContext() });
    await running.promise;
    await task.cancel('Enough.');
    expect(await settlementOf(task)).toMatchObject({ status: 'cancelled', code: 'cancelled' });
  });

  it('has one deadline for all attempts (R-ATTEMPT-12)', async () => {
    const { definition } = defineAttempts(
      (attempt, signal) => (attempt === 1 ? Promise.reject(again()) : aborted(signal)),
      { deadlineMs: 100 },
    );
    const task = definition.start(undefined, { streamContext: createOwnContext() });
    expect(await task.consume()).toMatchObject({
      status: 'failed',
      error: { code: 'timeout', message: 'The task did not end within 100 ms.' },
    });
  });
});

describe('what an attempt goes on from', () => {
  afterEach(() => vi.useRealTimers());

  it('is the newest checkpoint: its value, the progress and the counts (R-ATTEMPT-1, R-ATTEMPT-5)', async () => {
    const streamContext = createOwnContext();
    const seen: unknown[] = [];
    const definition = defineTask({
      name: 'count',
      retry: { backoffMs: 0 },
      steps: { read: 1, write: 1 },
      onError: () => {},
      execute: async ({ task }) => {
        seen.push([task.attempt, task.lastCheckpoint, task.messageSoFar]);
        task.log(`attempt ${task.attempt}`);
        task.partial(task.attempt);
        if (task.attempt > 1) return task.step('write', () => 'done');
        await task.step('read', ({ progress }) => progress({ value: 1, total: 2 }));
        expect(await task.checkpoint({ page: 4 })).toBe(true);
        task.log('void');
        task.partial('void');
        throw again();
      },
    });
    const task = definition.start(undefined, { streamContext });
    expect(await task.result).toBe('done');
    expect(seen).toEqual([
      [1, undefined, undefined],
      [2, { page: 4 }, undefined],
    ]);
    const chunks = (await readLog(streamContext, task.taskId)).map((json) => JSON.parse(json));
    const tell = ({ type, data }: { type: string; data: Record<string, unknown> }) =>
      [type, data?.index ?? data?.checkpoint, data?.attempt].filter((part) => part !== undefined);
    expect(chunks.map(tell)).toEqual([
      ['start'],
      ['data-task'],
      ['data-task-log', 0],
      ['data-task-partial', 0],
      ['data-task'],
      ['data-task-checkpoint', 0],
      ['data-task-rewind', 0, 2],
      ['data-task', 2],
      ['data-task-log', 1],
      ['data-task-partial', 1],
      ['data-task', 2],
      ['data-task-settle'],
      ['finish'],
    ]);
    const [, , , , kept, , , restored] = chunks;
    expect(restored.data.steps).toEqual(kept.data.steps);
    expect(kept.data.steps).toMatchObject([
      { name: 'read', status: 'completed' },
      { name: 'write' },
    ]);
  });

  it('has in a chat the message so far, and nothing of what is void', async () => {
    let soFar: UIMessage | undefined;
    const saved: (UIMessage | undefined)[] = [];
    const definition = defineTask({
      name: 'chat',
      retry: { backoffMs: 0 },
      chat: () => ({ chatId: 'chat', messageId: 'answer' }),
      onError: () => {},
      onSettle: ({ message }) => {
        saved.push(message);
      },
      execute: async ({ task, writer }) => {
        const say = (delta: string) => {
          writer.write({ type: 'text-start', id: 't' });
          writer.write({ type: 'text-delta', id: 't', delta });
          writer.write({ type: 'text-end', id: 't' });
        };
        if (task.attempt === 1) {
          say('One');
          await task.checkpoint(undefined);
          say('void');
          throw again();
        }
        soFar = task.messageSoFar;
        say('Two');
      },
    });
    const streamContext = createOwnContext();
    await definition.start(undefined, { streamContext }).consume();
    await vi.waitFor(() => expect(saved).toHaveLength(1));
    const textsOf = (message?: UIMessage) =>
      message?.parts.flatMap((part) => (part.type === 'text' ? part.text : []));
    expect([soFar?.id, textsOf(soFar)]).toEqual(['answer', ['One']]);
    expect([saved[0]?.id, textsOf(saved[0])]).toEqual(['answer', ['One', 'Two']]);
  });

  it('lacks the message when the log has a gap, and the host is told why (R-SAVE-2)', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    const gap = { taskId, code: 'gap', message: 'Something is missing.', retryable: false };
    const streamContext: TaskStreamContext = {
      ...memory,
      async open(...given) {
        const log = await memory.open(...given);
        log?.append(JSON.stringify({ type: 'data-task-error', id: taskId, data: gap }));
        return log;
      },
    };
    const errors: unknown[] = [];
    const seen: unknown[] = [];
    const definition = defineTask({
      name: 'chat',
      retry: { backoffMs: 0 },
      chat: () => ({ chatId: 'chat' }),
      onError: (error) => errors.push(error),
      onSettle: (event) => {
        seen.push(event.status, event.message);
      },
      execute: async ({ task }) => {
        if (task.attempt > 1) return void seen.push(task.lastCheckpoint, task.messageSoFar);
        await task.checkpoint('kept');
        throw again();
      },
    });
    await definition.start(undefined, { streamContext, taskId }).consume();
    await vi.waitFor(() => expect(seen).toEqual(['kept', undefined, 'completed', undefined]));
    expect(errors).toMatchObject([{ code: 'busy' }, { code: 'message-unavailable' }]);
  });

  it('is in another process the same deadline, and the same message of the chat', async () => {
    const memory = createOwnContext();
    const streamContext = createLosingContext(memory, [0]);
    const errors: unknown[] = [];
    const saved: TaskSettleEvent<unknown>[] = [];
    const definition = defineTask({
      name: 'chat',
      retry: {},
      deadlineMs: 60_000,
      chat: () => ({ chatId: 'chat', messageId: 'answer' }),
      onError: (error) => errors.push(error),
      onSettle: (event) => {
        saved.push(event);
      },
      execute: async ({ task, writer, signal }) => {
        task.log('begun');
        writer.merge(
          new ReadableStream({
            start(controller) {
              controller.enqueue({ type: 'start', messageId: 'answer' });
              controller.close();
            },
          }),
        );
        if (task.attempt > 1) await aborted(signal);
      },
    });
    const taskId = createId();
    definition.start(undefined, { streamContext, taskId });
    await vi.waitFor(async () =>
      expect(await memory.inspect(taskId)).toMatchObject({ isWaiting: true }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const taken = await takeTask(definition, taskId, { streamContext });
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect(await taken?.settled).toMatchObject({
      status: 'failed',
      error: { code: 'timeout', message: 'The task did not end within 60000 ms.' },
    });
    await taken?.released;
    expect(saved).toMatchObject([{ chatId: 'chat', message: { id: 'answer' } }]);
    expect(errors).toEqual([]);
  });

  it('is the stored input and context, in whatever process', async () => {
    const memory = createOwnContext();
    const streamContext = createLosingContext(memory, [0]);
    const seen: unknown[] = [];
    const contexts: unknown[] = [];
    const definition = defineTask({
      name: 'greet',
      retry: {},
      input: z.object({ name: z.string(), count: z.string().transform(Number) }),
      context: ({ request, params }) => {
        contexts.push(request?.method);
        return { language: request?.headers.get('accept-language'), at: params.at };
      },
      execute: ({ input, context, request, params, task }) => {
        seen.push([task.attempt, input, context, request, params]);
        task.log('begun');
      },
    });
    const route = createTaskRoute(definition, { streamContext });
    const taskId = createId();
    const request = new Request('http://localhost/', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-language': 'nl' },
      body: JSON.stringify({ taskId, input: { name: 'Ada', count: '3' } }),
    });
    const response = await route.POST(request, { params: Promise.resolve({ at: 'noon' }) });
    const text = response.text();
    await vi.waitFor(async () =>
      expect(await memory.inspect(taskId)).toMatchObject({ isWaiting: true }),
    );
    const taken = await takeTask(definition, taskId, { streamContext });
    expect(await taken?.settled).toMatchObject({ status: 'completed' });
    await text;
    const given = [{ name: 'Ada', count: 3 }, { language: 'nl', at: 'noon' }, undefined, {}];
    expect(seen).toEqual([
      [1, ...given],
      [2, ...given],
    ]);
    expect(contexts).toEqual(['POST']);
    expect(await takeTask(definition, taskId, { streamContext })).toBeUndefined();
  });

  it('settles as `invalid-input`, once, when the input does not fit any more (R-ATTEMPT-10)', async () => {
    const memory = createOwnContext();
    const streamContext = createLosingContext(memory, [0]);
    const make = (input: z.ZodType<unknown, unknown>, version: number, name = 'stored') =>
      defineTask({
        name,
        version,
        retry: { attempts: 9 },
        input,
        onError: () => {},
        execute: ({ task }) => task.log('begun'),
      });
    const taskId = createId();
    await make(z.object({ old: z.string() }), 2)
      .start({ old: 'value' }, { streamContext, taskId })
      .toResponse();
    await vi.waitFor(async () =>
      expect(await memory.inspect(taskId)).toMatchObject({ isWaiting: true }),
    );
    const changed = z.object({ changed: z.string() });
    // An earlier version leaves it alone, and a later one gives it back.
    expect(await takeTask(make(changed, 1), taskId, { streamContext: memory })).toBeUndefined();
    expect(await memory.inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 1 });
    expect(await takeTask(make(changed, 3), taskId, { streamContext: memory })).toBeUndefined();
    const record = await memory.inspect(taskId);
    expect(record).toMatchObject({ isWaiting: true, attempt: 2 });
    vi.useFakeTimers({ now: record?.notBefore, toFake: ['Date'] });
    try {
      const taken = await takeTask(make(changed, 2), taskId, { streamContext: memory });
      expect(await taken?.settled).toMatchObject({
        status: 'failed',
        error: { code: 'invalid-input', details: { issues: [{ path: ['changed'] }] } },
      });
    } finally {
      vi.useRealTimers();
    }
    await turns();
  });
});
