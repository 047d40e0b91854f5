import { TaskError } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred } from '../../helpers/async';
import { chunksIn, readWrites } from '../../helpers/sse';
import { createId, runToText, startOwnTask } from '../../helpers/tasks';

const everything = async () => {
  const gate = createDeferred();
  const { task } = startOwnTask({
    taskId: createId(),
    name: 'Everything',
    messageId: 'm',
    steps: { prepare: 10, render: 90 },
    progressIntervalMs: 0,
    execute: async ({ task, writer }) => {
      await gate.promise;
      await task.step('prepare', (step) => step.progress({ value: 1, total: 2, message: 'Half' }));
      task.progress({ value: 1 });
      task.log('Connecting …');
      task.log({ level: 'warning', message: 'Slow' });
      task.partial({ page: 1 });
      task.partial(null);
      writer.write({ type: 'start', messageMetadata: { model: 'x' } });
      writer.write({ type: 'start-step' });
      writer.write({ type: 'reasoning-start', id: 'r' });
      writer.write({ type: 'reasoning-delta', id: 'r', delta: 'Hm' });
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'Hello' });
      writer.write({ type: 'tool-input-start', toolCallId: 'c', toolName: 'search' });
      writer.write({ type: 'data-weather', data: { degrees: 20 } } as never);
      writer.write({ type: 'finish', finishReason: 'stop', messageMetadata: { tokens: 3 } });
      await task.step('render', () => {});
      return { done: true };
    },
  });
  const writes = readWrites(await task.toResponse());
  await writes.until('data-task-heartbeat');
  gate.resolve();
  return { task, text: await writes.rest() };
};

describe.each(aiVersions)('AI SDK $version', ({ validateChunk, readMessage, parseBody }) => {
  it('takes every chunk of a run that uses everything', async () => {
    const { text } = await everything();
    const chunks = chunksIn(text);
    expect(chunks.some(({ type }) => type === 'data-task-heartbeat')).toBe(true);
    for (const chunk of chunks) await validateChunk(chunk);
  });

  it('takes every chunk of a run that failed and of one that was cancelled', async () => {
    const failed = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'tool-input-available', toolCallId: 'c', toolName: 's', input: {} });
        throw new TaskError({ message: 'No.', details: [1] });
      },
    });
    const cancelled = await runToText({ abortSignal: AbortSignal.abort('Why'), execute: () => {} });
    for (const { text } of [failed, cancelled]) {
      for (const chunk of chunksIn(text)) await validateChunk(chunk);
    }
  });

  it('understands the stream with its own parser and its own reader', async () => {
    const { text, task } = await everything();
    const { body } = new Response(text);
    if (!body) throw new Error('There is no body.');
    const errors: unknown[] = [];
    const message = await readMessage(await parseBody(body), {
      onError: (error) => errors.push(error),
    });
    expect(errors).toEqual([]);
    expect(message).toMatchObject({
      id: 'm',
      role: 'assistant',
      metadata: { model: 'x', tokens: 3 },
    });
    expect(message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'step-start',
      'reasoning',
      'text',
      'tool-search',
      'data-weather',
      'data-task-settle',
    ]);
    expect(message?.parts[0]).toMatchObject({
      id: task.taskId,
      data: {
        status: 'completed',
        steps: [
          { name: 'prepare', weight: 10, status: 'completed' },
          { name: 'render', weight: 90, status: 'completed' },
        ],
      },
    });
    expect(message?.parts[3]).toMatchObject({ text: 'Hello', state: 'done' });
    expect(message?.parts[4]).toMatchObject({ state: 'output-error' });
    expect(message?.parts[6]).toMatchObject({ data: { result: { done: true } } });
  });
});
