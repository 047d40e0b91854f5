import { initialTaskState, reduceTaskChunk, type TaskChunk, TaskError } from 'ai-task-stream';
import { streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLostTask } from '../../../src/server/log/lost-frames';
import { aiVersions, finishPart } from '../../helpers/ai-versions';
import { createId, createOwnContext, readLog, runToText } from '../../helpers/tasks';

interface Part {
  type: string;
  id?: string;
  data: Record<string, unknown> & { taskId: string };
}

async function partsOf(
  execute: Parameters<typeof streamTask>[0]['execute'],
  options: Partial<Parameters<typeof streamTask>[0]> = {},
): Promise<{ parts: Part[]; rootId: string; result: unknown; reported: unknown[] }> {
  const taskId = createId();
  const streamContext = createOwnContext();
  const { task, reported } = await runToText({ taskId, streamContext, execute, ...options });
  const result = await task.consume();
  const log = await readLog(streamContext, taskId);
  const parts = log
    .map((json): Part => JSON.parse(json))
    .filter(({ type }) => type.startsWith('data-task'));
  return { parts, rootId: taskId, result, reported };
}

function childParts(parts: readonly Part[], rootId: string): Part[] {
  return parts.filter(({ data }) => data.taskId !== rootId);
}

describe('a task within a task', () => {
  // R-NEST-1
  it('has parts of its own, and gives back what its work returns', async () => {
    const { parts, rootId, result } = await partsOf(async ({ task }) => {
      const sum = await task.run({
        name: 'adding',
        toolCallId: 'call-1',
        execute: ({ task: child }) => {
          child.log('adding');
          child.partial(1);
          child.progress({ value: 1, total: 2 });
          return 3;
        },
      });
      return sum + 1;
    });
    expect(result).toMatchObject({ status: 'completed', result: 4 });
    const own = childParts(parts, rootId);
    expect(own.map(({ type }) => type)).toEqual([
      'data-task',
      'data-task-log',
      'data-task-partial',
      'data-task',
      'data-task-settle',
    ]);
    expect(own[0]?.data).toMatchObject({
      name: 'adding',
      status: 'running',
      parentTaskId: rootId,
      toolCallId: 'call-1',
    });
    expect(own[3]?.data).toMatchObject({ status: 'completed', progress: { value: 1, total: 2 } });
    expect(own[4]?.data).toMatchObject({ status: 'completed', result: 3 });
  });

  it('leaves its result out of the stream in a chat', async () => {
    const { parts, rootId } = await partsOf(
      async ({ task }) => void (await task.run({ execute: () => 'large' })),
      { chatId: 'chat' },
    );
    expect(childParts(parts, rootId).at(-1)?.data).not.toHaveProperty('result');
  });

  it('that fails tells a masked error, and throws the original to its caller', async () => {
    const secret = new Error('secret');
    let caught: unknown;
    const { parts, rootId, result, reported } = await partsOf(async ({ task }) => {
      await task
        .run({
          execute: () => {
            throw secret;
          },
        })
        .catch((error: unknown) => {
          caught = error;
        });
      return 'went on';
    });
    expect(caught).toBe(secret);
    expect(reported).toEqual([secret]);
    expect(result).toMatchObject({ status: 'completed', result: 'went on' });
    const own = childParts(parts, rootId);
    expect(own.map(({ type }) => type)).toEqual([
      'data-task',
      'data-task',
      'data-task-error',
      'data-task-settle',
    ]);
    expect(own[2]?.data).toMatchObject({ code: 'internal', message: 'The task failed.' });
  });

  it('may tell its own error', async () => {
    const { parts, rootId } = await partsOf(async ({ task }) => {
      await task
        .run({
          execute: () => {
            throw new TaskError({ code: 'no-ink', message: 'Out of ink.' });
          },
        })
        .catch(() => {});
    });
    expect(childParts(parts, rootId).at(-1)?.data).toMatchObject({
      status: 'failed',
      error: { code: 'no-ink', message: 'Out of ink.' },
    });
  });

  // R-NEST-2
  it('stops with the task around it, before that settles', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    let reason: unknown;
    const task = streamTask({
      taskId,
      streamContext,
      execute: ({ task: root }) =>
        root.run({
          execute: ({ signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                reason = signal.reason;
                reject(signal.reason);
              });
            }),
        }),
    });
    await task.cancel('Enough.');
    expect(await task.consume()).toMatchObject({ status: 'cancelled' });
    expect(reason).toMatchObject({ name: 'AbortError' });
    const settles = (await readLog(streamContext, taskId))
      .map((json): Part => JSON.parse(json))
      .filter(({ type }) => type === 'data-task-settle');
    expect(settles.map(({ data }) => data.status)).toEqual(['cancelled', 'cancelled']);
    expect(settles.at(-1)?.data.taskId).toBe(taskId);
  });

  it('that ignores its signal is settled together with the task around it', async () => {
    const { parts, rootId } = await partsOf(
      ({ task }) => task.run({ name: 'deaf', execute: () => new Promise(() => {}) }),
      { deadlineMs: 20, graceMs: 20 },
    );
    const settles = parts.filter(({ type }) => type === 'data-task-settle');
    expect(settles).toHaveLength(2);
    expect(settles[0]?.data).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(settles[1]?.data.taskId).toBe(rootId);
  });

  it('that nobody awaited is cancelled when the task around it completes', async () => {
    const { parts } = await partsOf(({ task }) => {
      void task.run({ execute: () => new Promise(() => {}) });
    });
    const settles = parts.filter(({ type }) => type === 'data-task-settle');
    expect(settles.map(({ data }) => data.status)).toEqual(['cancelled', 'completed']);
  });

  it('can be stopped by a signal of its own', async () => {
    const controller = new AbortController();
    const { parts, rootId, result } = await partsOf(async ({ task }) => {
      const running = task.run({
        abortSignal: controller.signal,
        execute: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      });
      controller.abort();
      await running.catch(() => {});
      return 'on';
    });
    expect(result).toMatchObject({ status: 'completed' });
    expect(childParts(parts, rootId).at(-1)?.data).toMatchObject({ status: 'cancelled' });
  });

  it('may run further tasks, side by side', async () => {
    const { parts, rootId } = await partsOf(({ task }) =>
      task.run({
        name: 'outer',
        execute: async ({ task: outer }) => {
          await Promise.all(
            ['left', 'right'].map((name) =>
              outer.run({
                name,
                steps: { only: 1 },
                execute: ({ task: inner }) => inner.step('only', () => name),
              }),
            ),
          );
        },
      }),
    );
    const outer = parts.find(({ data }) => data.name === 'outer')?.data.taskId;
    const parents = childParts(parts, rootId)
      .filter(({ type, data }) => type === 'data-task' && data.name !== 'outer')
      .map(({ data }) => data.parentTaskId);
    expect(new Set(parents)).toEqual(new Set([outer]));
  });

  it('is found beneath the root task by clients', async () => {
    const { parts } = await partsOf(async ({ task }) => {
      await task.run({ name: 'child', execute: ({ task: child }) => child.log('hello') });
    });
    let state = initialTaskState;
    for (const part of parts) state = reduceTaskChunk(state, part as unknown as TaskChunk);
    expect(state.status).toBe('completed');
    expect(JSON.stringify(state)).toContain('child');
  });
});

describe.each(aiVersions)('tools of AI SDK $version', (ai) => {
  const toolCall = (toolCallId: string, input: object) => ({
    type: 'tool-call',
    toolCallId,
    toolName: 'render',
    input: JSON.stringify(input),
  });

  it('report through tasks of their own, in parallel, and stop with the chat’s task', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const stopped: string[] = [];
    let startedCount = 0;
    let allStarted = () => {};
    const whenStarted = new Promise<void>((resolve) => {
      allStarted = resolve;
    });
    const task = streamTask({
      taskId,
      streamContext,
      chatId: 'chat',
      execute: ({ task: chat, writer, signal }) => {
        const render = {
          description: 'Renders.',
          inputSchema: z.object({ page: z.number() }),
          execute: (
            { page }: { page: number },
            { toolCallId, abortSignal }: { toolCallId: string; abortSignal?: AbortSignal },
          ) =>
            chat.run({
              name: `page ${page}`,
              toolCallId,
              abortSignal,
              execute: ({ task: child, signal: childSignal }) =>
                new Promise((_, reject) => {
                  child.progress({ value: 0, total: 1 });
                  if (++startedCount === 2) allStarted();
                  childSignal.addEventListener('abort', () => {
                    stopped.push(toolCallId);
                    reject(childSignal.reason);
                  });
                }),
            }),
        };
        writer.merge(
          ai.streamText({
            parts: [
              { type: 'stream-start', warnings: [] },
              toolCall('call-1', { page: 1 }),
              toolCall('call-2', { page: 2 }),
              finishPart('tool-calls'),
            ],
            signal,
            tools: { render },
          }),
        );
      },
    });
    await whenStarted;
    await task.cancel();
    await task.consume();
    expect(stopped.sort()).toEqual(['call-1', 'call-2']);
    const chunks = (await readLog(streamContext, taskId)).map((json) => JSON.parse(json));
    for (const chunk of chunks) await ai.validateChunk(chunk);
    const message = await ai.readMessage(chunks);
    // No call is left open: the next turn of the chat would throw.
    const calls = message?.parts.filter(({ type }) => type === 'tool-render') ?? [];
    expect(calls).toHaveLength(2);
    for (const call of calls) expect(call).toMatchObject({ state: 'output-error' });
    const cards = message?.parts.filter(({ type }) => type === 'data-task-settle') ?? [];
    expect(cards).toHaveLength(3);
  });
});

describe('R-NEST-2: tasks within a task whose process is gone', () => {
  const snapshot = (taskId: string, parentTaskId?: string) => ({
    type: 'data-task',
    id: taskId,
    data: { taskId, parentTaskId, status: 'running', createdAt: 1_000, updatedAt: 1_100 },
  });

  it.each([
    [undefined, 'failed'],
    [{ reason: 'Enough.' }, 'cancelled'],
  ])('settle before it does, the innermost first, when the cancel is %j', (cancel, status) => {
    const lost = createLostTask({ taskId: 'root', createdAt: 1_000, name: undefined, cancel });
    const log = [
      snapshot('root'),
      snapshot('done', 'root'),
      { type: 'data-task-settle', id: 'done', data: { taskId: 'done', status: 'completed' } },
      snapshot('outer', 'root'),
      snapshot('inner', 'outer'),
      // A merged one has a log of its own, which tells its end.
      snapshot('merged'),
    ];
    for (const chunk of log) lost.track(JSON.stringify(chunk));
    const chunks = lost.close(500).frames.map((frame): Part => JSON.parse(frame));
    const settled = chunks.filter(({ type }) => type === 'data-task-settle');
    expect(settled.map(({ id }) => id)).toEqual(['inner', 'outer', 'root']);
    for (const { data } of settled) {
      expect(data).toMatchObject({ status, durationMs: 500, settledAt: 1_500 });
    }
    const finals = chunks.filter(({ type }) => type === 'data-task');
    expect(finals.map(({ data }) => data.status)).toEqual([status, status, status]);
  });
});
