import { TaskError } from 'ai-task-stream';
import { streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { aborted, createDeferred } from '../../helpers/async';
import { readWrites, storedChunksIn, typesIn } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

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
