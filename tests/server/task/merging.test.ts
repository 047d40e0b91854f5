import type { UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { streamTask, type TaskLog, type TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import { relativeEnd } from '../../helpers/cursors';
import { readWrites, storedChunksIn, typesIn } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** What of a log lies between the first snapshot and the final one. */
function between(text: string): UIMessageChunk[] {
  const chunks = storedChunksIn(text).slice(2);
  return chunks.slice(
    0,
    chunks.findIndex(({ type }) => type === 'data-task'),
  );
}

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

describe('parts that are left open', () => {
  const open = (writer: { write(chunk: UIMessageChunk): void }) => {
    writer.write({ type: 'text-start', id: 't' });
    writer.write({ type: 'text-start', id: 'closed' });
    writer.write({ type: 'text-end', id: 'closed' });
    writer.write({ type: 'reasoning-start', id: 'r' });
    writer.write({
      type: 'tool-input-start',
      toolCallId: 'streaming',
      toolName: 's',
      dynamic: true,
    });
    writer.write({
      type: 'tool-input-available',
      toolCallId: 'running',
      toolName: 's',
      input: {},
      providerExecuted: true,
    });
    writer.write({
      type: 'tool-input-available',
      toolCallId: 'preliminary',
      toolName: 's',
      input: {},
    });
    writer.write({
      type: 'tool-output-available',
      toolCallId: 'preliminary',
      output: 1,
      preliminary: true,
    });
    writer.write({ type: 'tool-input-available', toolCallId: 'done', toolName: 's', input: {} });
    writer.write({ type: 'tool-output-available', toolCallId: 'done', output: 1 });
    writer.write({
      type: 'tool-input-error',
      toolCallId: 'bad',
      toolName: 's',
      input: {},
      errorText: 'x',
    });
  };

  it('are closed before the final snapshot of a task that fails', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        open(writer);
        throw new TaskError({ message: 'No.' });
      },
    });
    expect(between(text).slice(11)).toEqual([
      { type: 'text-end', id: 't' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'tool-output-error', toolCallId: 'streaming', errorText: 'No.', dynamic: true },
      {
        type: 'tool-output-error',
        toolCallId: 'running',
        errorText: 'No.',
        providerExecuted: true,
      },
      { type: 'tool-output-error', toolCallId: 'preliminary', errorText: 'No.' },
    ]);
  });

  it('are left to the page when they are calls of client tools', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'client',
          toolName: 's',
          input: {},
        });
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'asked',
          toolName: 's',
          input: {},
        });
        writer.write({ type: 'tool-approval-request', toolCallId: 'asked', approvalId: 'a' });
      },
    });
    expect(between(text)).toHaveLength(3);
    const failed = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'start-step' });
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'client',
          toolName: 's',
          input: {},
        });
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'asked',
          toolName: 's',
          input: {},
        });
        writer.write({ type: 'tool-approval-request', toolCallId: 'asked', approvalId: 'a' });
        writer.write({ type: 'finish-step' });
        throw new TaskError({ message: 'No.' });
      },
    });
    expect(between(failed.text)).toHaveLength(5);
  });

  it('R-MERGE-6: are closed before the step of their own stream is finished, which waits for the others', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 'by-hand' });
        writer.merge(
          streamOf(
            { type: 'start-step' },
            { type: 'text-start', id: 't' },
            { type: 'reasoning-start', id: 'r' },
            { type: 'finish-step' },
          ),
        );
      },
    });
    expect(between(text)).toEqual([
      { type: 'text-start', id: 'by-hand' },
      { type: 'start-step' },
      { type: 'text-start', id: 't' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'text-end', id: 't' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'text-end', id: 'by-hand' },
      { type: 'finish-step' },
    ]);
  });

  it('are forgotten when their step is reset', async () => {
    const { text } = await runToText({
      execute: ({ writer }) => {
        open(writer);
        writer.write({ type: 'reset-step' } as never);
      },
    });
    expect(between(text)).toHaveLength(12);
  });
});

describe('writing after settle', () => {
  it('is an error that says so, and leaves the stream unharmed', async () => {
    const late: (() => void)[] = [];
    const { text, task, streamContext } = await runToText({
      steps: { a: 1 },
      execute: ({ task, writer }) => {
        late.push(
          () => task.log('late'),
          () => task.progress({ value: 1 }),
          () => task.partial(1),
          () => writer.write({ type: 'data-x', data: 1 }),
          () => writer.write({ type: 'start' }),
          () => writer.write({ type: 'finish' }),
          () => writer.write({ type: 'error', errorText: 'late' }),
          () => writer.write({ type: 'abort' }),
          () => writer.merge(streamOf({ type: 'data-x', data: 1 })),
        );
        return task;
      },
      sendResult: false,
      chatId: 'chat',
    });
    for (const write of late) {
      expect(write).toThrow(expect.objectContaining({ name: 'TaskError', code: 'settled' }));
    }
    const reporter = await task.result;
    await expect(reporter.step('a', () => {})).rejects.toMatchObject({ code: 'settled' });
    const again = await streamContext.read(task.taskId);
    expect(again?.take()?.end).toBe(typesIn(text).length);
  });

  it('leaves a stream that comes too late', async () => {
    const cancelled = vi.fn();
    const { task } = await runToText({ chatId: 'chat', execute: ({ writer }) => writer });
    const writer = await task.result;
    expect(() => writer.merge(new ReadableStream({ cancel: cancelled }))).toThrow();
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it('lets a step that ends late end in peace', async () => {
    const gate = createDeferred();
    const steps: Promise<void>[] = [];
    const { task } = await runToText({
      steps: { a: 1 },
      execute: ({ task }) => {
        steps.push(task.step('a', () => gate.promise));
      },
    });
    await task.result;
    gate.resolve();
    await expect(Promise.all(steps)).resolves.toEqual([undefined]);
  });
});

describe.each(aiVersions)('streamText of AI SDK $version', (ai) => {
  it('streams through a task', async () => {
    const { text, reported } = await runToText({
      execute: ({ writer, signal }) =>
        writer.merge(ai.streamText({ parts: textParts('Hello ', 'world'), signal })),
    });
    expect(reported).toEqual([]);
    expect(typesIn(text).at(-1)).toBe('finish');
    expect(storedChunksIn(text).at(-1)).toMatchObject({ finishReason: 'stop' });
    const message = await ai.readMessage(storedChunksIn(text));
    expect(message?.parts.find(({ type }) => type === 'text')).toMatchObject({
      text: 'Hello world',
    });
  });

  it('fails the task when the model fails before its first part', async () => {
    const { text, task } = await runToText({
      execute: ({ writer }) =>
        writer.merge(ai.streamText({ parts: [], failure: new Error('secret model error') })),
    });
    expect(text).not.toContain('secret');
    expect(typesIn(text).slice(-4)).toEqual([
      'data-task',
      'data-task-error',
      'data-task-settle',
      'error',
    ]);
    await expect(task.result).rejects.toMatchObject({ code: 'stream-failed' });
  });

  it('fails the task when the model fails in the middle and then finishes cheerfully', async () => {
    const { text, task } = await runToText({
      execute: ({ writer }) =>
        writer.merge(
          ai.streamText({
            parts: [
              { type: 'stream-start', warnings: [] },
              { type: 'text-start', id: 't' },
              { type: 'text-delta', id: 't', delta: 'Hel' },
              { type: 'error', error: new Error('secret model error') },
              finishPart('error'),
            ],
          }),
        ),
    });
    expect(text).not.toContain('secret');
    expect(await task.consume()).toMatchObject({
      status: 'failed',
      error: { code: 'stream-failed' },
    });
    const types = typesIn(text);
    expect(types.indexOf('text-end')).toBeGreaterThan(types.indexOf('text-delta'));
    expect(types.filter((type) => type === 'error')).toHaveLength(1);
    expect(types.at(-1)).toBe('error');
    const message = await ai.readMessage(storedChunksIn(text));
    expect(message?.parts.find(({ type }) => type === 'text')).toMatchObject({ state: 'done' });
  });

  function silentModel(signal: AbortSignal) {
    return new ReadableStream<Record<string, unknown>>({
      start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: [] });
        controller.enqueue({ type: 'text-start', id: 't' });
        controller.enqueue({ type: 'text-delta', id: 't', delta: 'Hel' });
        // As fetch does it: the body of an aborted request fails with the reason.
        signal.addEventListener('abort', () => controller.error(signal.reason), { once: true });
      },
    });
  }

  it('takes a cancel for an abort', async () => {
    const { task, reported } = startOwnTask({
      execute: ({ writer, signal }) =>
        writer.merge(ai.streamText({ parts: silentModel(signal), signal })),
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('"Hel"');
    await task.cancel('Enough.');
    const text = await writes.rest();
    expect(reported).toEqual([]);
    expect(typesIn(text).slice(-4)).toEqual(['text-end', 'data-task', 'data-task-settle', 'abort']);
    expect(typesIn(text)).not.toContain('error');
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { message: 'Enough.' },
    });
  });

  it('takes the deadline for an abort, and the task fails with the code timeout', async () => {
    const { text, task, reported } = await runToText({
      deadlineMs: 50,
      execute: ({ writer, signal }) =>
        writer.merge(ai.streamText({ parts: silentModel(signal), signal })),
    });
    expect(reported).toEqual([]);
    expect(await task.consume()).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(typesIn(text).filter((type) => type === 'error')).toHaveLength(1);
    expect(storedChunksIn(text).at(-1)).toEqual({
      type: 'error',
      errorText: 'The task did not end within 50 ms.',
    });
  });

  it('leaves the call of a client tool for the page', async () => {
    const { text } = await runToText({
      execute: ({ writer }) =>
        writer.merge(
          ai.streamText({
            tools: { ask: { description: 'Asks.', inputSchema: z.object({ q: z.string() }) } },
            parts: [
              { type: 'stream-start', warnings: [] },
              { type: 'tool-input-start', id: 'c', toolName: 'ask' },
              { type: 'tool-input-delta', id: 'c', delta: '{"q":"x"}' },
              { type: 'tool-input-end', id: 'c' },
              { type: 'tool-call', toolCallId: 'c', toolName: 'ask', input: '{"q":"x"}' },
              finishPart('tool-calls'),
            ],
          }),
        ),
    });
    const message = await ai.readMessage(storedChunksIn(text));
    expect(message?.parts.find(({ type }) => type === 'tool-ask')).toMatchObject({
      state: 'input-available',
      input: { q: 'x' },
    });
    expect(storedChunksIn(text).at(-1)).toMatchObject({
      type: 'finish',
      finishReason: 'tool-calls',
    });
  });

  it('closes the call of a server tool that a cancel interrupts', async () => {
    const started = createDeferred();
    const { task } = startOwnTask({
      graceMs: 0,
      execute: ({ writer, signal }) =>
        writer.merge(
          ai.streamText({
            signal,
            tools: {
              slow: {
                description: 'Slow.',
                inputSchema: z.object({}),
                execute: async () => {
                  started.resolve();
                  await aborted(signal);
                  return new Promise(() => {});
                },
              },
            },
            parts: [
              { type: 'stream-start', warnings: [] },
              { type: 'tool-call', toolCallId: 'c', toolName: 'slow', input: '{}' },
              finishPart('tool-calls'),
            ],
          }),
        ),
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('"tool-input-available"');
    await started.promise;
    await task.cancel();
    const chunks = storedChunksIn(await writes.rest());
    const message = await ai.readMessage(chunks);
    expect(message?.parts.find(({ type }) => type === 'tool-slow')).toMatchObject({
      state: 'output-error',
      errorText: 'The task was cancelled.',
    });
  });
});

describe('a task merged into another', () => {
  it('is seen as a task within, and its failure fails the other', async () => {
    const { text, task } = await runToText({
      execute: ({ writer }) => {
        const inner = streamTask({
          streamContext: createOwnContext(),
          onError: () => {},
          execute: () => {
            throw new TaskError({ message: 'Inner.' });
          },
        });
        writer.merge(inner.toUIMessageStream());
      },
    });
    await expect(task.result).rejects.toMatchObject({ code: 'stream-failed', message: 'Inner.' });
    expect(typesIn(text)).toEqual([
      'start',
      'data-task',
      'data-task',
      'data-task',
      'data-task-error',
      'data-task-settle',
      'data-task',
      'data-task-error',
      'data-task-settle',
      'error',
    ]);
  });
});
