import { TaskError } from 'ai-task-stream';
import type { TaskLog, TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { streamOf } from '../../helpers/conformance';
import { relativeEnd } from '../../helpers/cursors';
import { storedChunksIn, typesIn } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';
import { between } from './merged-chunks';

/** A context whose logs say that they are behind until `catchUp` is called. */
function createBehindContext() {
  const context = createOwnContext();
  const state = { isBehind: true, caughtUp: createDeferred() };
  const streamContext: TaskStreamContext = {
    ...context,
    async open(taskId, options) {
      const log = await context.open(taskId, options);
      if (!log) return undefined;
      const slow: TaskLog = {
        ...log,
        get signal() {
          return log.signal;
        },
        get isBehind() {
          return state.isBehind;
        },
        caughtUp: () => state.caughtUp.promise,
      };
      return slow;
    },
  };
  const catchUp = () => {
    state.isBehind = false;
    state.caughtUp.resolve();
  };
  return { streamContext, catchUp };
}

describe('what is merged into a task', () => {
  it('loses its start and finish, and nothing else', async () => {
    const { text, reported } = await runToText({
      execute: ({ writer }) => {
        writer.merge(
          streamOf(
            { type: 'start', messageId: 'theirs' },
            { type: 'start-step' },
            { type: 'text-start', id: 't' },
            { type: 'text-delta', id: 't', delta: 'a' },
            { type: 'text-end', id: 't' },
            { type: 'finish-step' },
            { type: 'finish' },
          ),
        );
      },
    });
    expect(reported).toEqual([]);
    expect(between(text).map(({ type }) => type)).toEqual([
      'start-step',
      'text-start',
      'text-delta',
      'text-end',
      'finish-step',
    ]);
    expect(storedChunksIn(text)[0]).toEqual({ type: 'start' });
    expect(typesIn(text).at(-1)).toBe('finish');
  });

  it('moves its metadata and finishReason into ours', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'start', messageMetadata: { a: 1 } });
        writer.write({
          type: 'finish',
          finishReason: 'stop',
          messageMetadata: { b: { c: 1 }, e: [1, 2] },
        });
        writer.write({ type: 'finish', messageMetadata: { b: { d: 2 }, e: [3], f: null } });
      },
    });
    expect(between(text)).toEqual([{ type: 'message-metadata', messageMetadata: { a: 1 } }]);
    expect(storedChunksIn(text).at(-1)).toEqual({
      type: 'finish',
      finishReason: 'stop',
      messageMetadata: { b: { c: 1, d: 2 }, e: [3], f: null },
    });
  });

  it('keeps its metadata when the task fails, ahead of the final snapshot', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'finish', messageMetadata: { tokens: 3 } });
        throw new TaskError({ message: 'No.' });
      },
    });
    expect(between(text)).toEqual([{ type: 'message-metadata', messageMetadata: { tokens: 3 } }]);
  });

  it('fails the task by an error, although a cheerful finish follows', async () => {
    const { text, task } = await runToText({
      execute: ({ writer }) => {
        writer.merge(
          streamOf(
            { type: 'start' },
            { type: 'error', errorText: 'Model is down.' },
            { type: 'text-start', id: 't' },
            { type: 'finish', finishReason: 'error' },
          ),
        );
        return 'fine';
      },
    });
    expect(typesIn(text).slice(2)).toEqual([
      'text-start',
      'text-end',
      'data-task',
      'data-task-error',
      'data-task-settle',
      'error',
    ]);
    await expect(task.result).rejects.toMatchObject({
      code: 'stream-failed',
      message: 'Model is down.',
    });
  });

  it('fails the task when the stream itself breaks, and the reason is masked', async () => {
    const broken = new Error('secret');
    const { text, task, reported } = await runToText({
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream({
            pull(controller) {
              controller.error(broken);
            },
          }),
        );
      },
    });
    expect(reported).toEqual([broken]);
    expect(text).not.toContain('secret');
    await expect(task.result).rejects.toMatchObject({ code: 'internal' });
  });

  it('fails the task when it holds what JSON cannot carry, naming the path', async () => {
    const cancelled = vi.fn();
    const { task } = await runToText({
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream({
            pull(controller) {
              controller.enqueue({ type: 'data-x', data: { list: [1, 2n] } });
            },
            cancel: cancelled,
          }),
        );
      },
    });
    await expect(task.result).rejects.toMatchObject({
      code: 'unserializable',
      details: { path: 'chunk.data.list[1]' },
    });
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it.each([
    ['a bigint', { n: 1n }, 'messageMetadata.n'],
    [
      'a circular reference',
      (() => {
        const loop: Record<string, unknown> = {};
        loop.self = loop;
        return loop;
      })(),
      'messageMetadata.self',
    ],
  ])('fails the task by %s in the metadata of a finish', async (_what, messageMetadata, path) => {
    const { task } = await runToText({
      execute: ({ writer }) => writer.merge(streamOf({ type: 'finish', messageMetadata })),
    });
    await expect(task.result).rejects.toMatchObject({ code: 'unserializable', details: { path } });
  });

  it('is waited for before the task settles', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream({
            async pull(controller) {
              await gate.promise;
              controller.enqueue({ type: 'data-x', data: 1 });
              controller.close();
            },
          }),
        );
        return 'early';
      },
    });
    const response = await task.toResponse();
    await turns(20);
    gate.resolve();
    expect(typesIn(await response.text())).toEqual([
      'start',
      'data-task',
      'data-x',
      'data-task',
      'data-task-settle',
      'finish',
    ]);
  });

  it('may be added while only other merges keep the task open', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream({
            async pull(controller) {
              await turns(3);
              writer.merge(streamOf({ type: 'data-late', data: 1 }));
              controller.close();
            },
          }),
        );
      },
    });
    expect(between(text)).toEqual([{ type: 'data-late', data: 1 }]);
  });

  it('is pulled one chunk at a time, only when the one before is written', async () => {
    let pulled = 0;
    const { task, streamContext } = startOwnTask({
      execute: ({ writer, signal }) => {
        writer.merge(
          new ReadableStream(
            {
              async pull(controller) {
                const end = await relativeEnd(streamContext, task.taskId);
                expect(end).toBe(`0-${1 + pulled}`);
                pulled++;
                controller.enqueue({ type: 'data-n', data: pulled });
                if (pulled === 100) controller.close();
              },
            },
            { highWaterMark: 0 },
          ),
        );
        void signal;
      },
    });
    await task.result;
    expect(pulled).toBe(100);
  });

  it('is not pulled while the storage is behind', async () => {
    const { streamContext, catchUp } = createBehindContext();
    let pulled = 0;
    const { task } = startOwnTask({
      streamContext,
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream(
            {
              pull(controller) {
                pulled++;
                controller.enqueue({ type: 'data-n', data: pulled });
                if (pulled === 50) controller.close();
              },
            },
            { highWaterMark: 0 },
          ),
        );
      },
    });
    await until(() => pulled > 0);
    await turns(50);
    expect(pulled).toBe(1);
    catchUp();
    await task.result;
    expect(pulled).toBe(50);
  });

  it('does not keep others in the process from getting a turn', async () => {
    let ticks = 0;
    let isRunning = true;
    const tick = () => {
      ticks++;
      if (isRunning) setImmediate(tick);
    };
    setImmediate(tick);
    let left = 200_000;
    await runToText({
      execute: ({ writer }) => {
        writer.merge(
          new ReadableStream({
            pull(controller) {
              controller.enqueue({ type: 'data-n', data: left });
              if (--left === 0) controller.close();
            },
          }),
        );
      },
    });
    isRunning = false;
    expect(ticks).toBeGreaterThan(5);
  });

  it('is left when the task is cancelled, after the grace', async () => {
    const cancelled = vi.fn();
    const { task } = startOwnTask({
      graceMs: 0,
      execute: ({ writer }) => {
        writer.merge(new ReadableStream({ cancel: cancelled }));
      },
    });
    await task.cancel();
    expect(await task.consume()).toMatchObject({ status: 'cancelled' });
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it('cannot hold parts of the task itself, nor are its heartbeats taken', async () => {
    const { text, task } = await runToText({
      execute: ({ writer, task }) => {
        const { taskId } = task;
        writer.write({
          type: 'data-task-heartbeat',
          data: { taskId, at: 1, intervalMs: 1 },
        } as never);
        const forged = { taskId, status: 'completed', durationMs: 0, settledAt: 0 };
        writer.write({ type: 'data-task-settle', id: taskId, data: forged } as never);
      },
    });
    await expect(task.result).rejects.toMatchObject({ code: 'invalid-input' });
    expect(typesIn(text).filter((type) => type === 'data-task-settle')).toHaveLength(1);
  });
});
