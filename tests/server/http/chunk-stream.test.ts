import type { UIMessageChunk } from 'ai';
import * as ai7 from 'ai';
import { TaskError } from 'ai-task-stream';
import * as ai6 from 'ai-v6';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred, turns } from '../../helpers/async';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

async function collect(stream: ReadableStream<UIMessageChunk>): Promise<UIMessageChunk[]> {
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<UIMessageChunk>) chunks.push(chunk);
  return chunks;
}

describe('toUIMessageStream', () => {
  it.each([
    [{}, ['start', 'data-task', 'data-task', 'data-task-settle', 'finish']],
    [{ sendStart: false }, ['data-task', 'data-task', 'data-task-settle', 'finish']],
    [{ sendFinish: false }, ['start', 'data-task', 'data-task', 'data-task-settle']],
    [{ sendStart: false, sendFinish: false }, ['data-task', 'data-task', 'data-task-settle']],
  ])('with %j gives %j', async (options, types) => {
    const { task } = startOwnTask({ execute: () => 1 });
    const chunks = await collect(task.toUIMessageStream(options));
    expect(chunks.map(({ type }) => type)).toEqual(types);
  });

  it.each([
    [
      'error',
      () => {
        throw new TaskError({ message: 'No.' });
      },
      undefined,
    ],
    ['abort', () => {}, AbortSignal.abort()],
  ])('leaves out a last %s with sendFinish false', async (type, execute, abortSignal) => {
    const { task } = startOwnTask({ execute, abortSignal });
    const whole = await collect(task.toUIMessageStream());
    expect(whole.at(-1)?.type).toBe(type);
    const chunks = await collect(task.toUIMessageStream({ sendFinish: false }));
    expect(chunks.at(-1)?.type).toBe('data-task-settle');
  });

  it('fails with the error of a task that was refused', async () => {
    const { task } = startOwnTask({ taskId: 'short', execute: () => {} });
    await expect(collect(task.toUIMessageStream())).rejects.toMatchObject({
      code: 'invalid-task-id',
    });
  });

  it('has heartbeats of its own, which do not pile up before a consumer that has stopped', async () => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    });
    const gate = createDeferred();
    const { task } = startOwnTask({ heartbeatMs: 1_000, execute: () => gate.promise });
    const reader = task.toUIMessageStream().getReader();
    await reader.read();
    await reader.read();
    const pending = reader.read();
    await turns();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await pending).value).toEqual({
      type: 'data-task-heartbeat',
      data: { taskId: task.taskId, at: Date.now(), intervalMs: 1_000 },
      transient: true,
    });
    await vi.advanceTimersByTimeAsync(60_000);
    gate.resolve();
    const types: (string | undefined)[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      types.push(next.value?.type);
    }
    expect(types).toEqual(['data-task-heartbeat', 'data-task', 'data-task-settle', 'finish']);
  });

  it('that is left, before or after its first chunk, leaves nothing behind', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({ execute: () => gate.promise });
    await task.toUIMessageStream().cancel();
    const early = task.toUIMessageStream().getReader();
    const first = early.read();
    await early.cancel();
    expect((await first).done).toBe(true);
    const late = task.toUIMessageStream().getReader();
    await late.read();
    await late.read();
    const pending = late.read();
    await turns();
    await late.cancel();
    expect((await pending).done).toBe(true);
    gate.resolve();
    await task.result;
  });
});

describe.each([
  { ai: ai7, ...aiVersions[0]! },
  { ai: ai6 as unknown as typeof ai7, ...aiVersions[1]! },
])('a task within createUIMessageStream of AI SDK $version', ({ ai, readMessage }) => {
  it('shows its parts in the message of the host', async () => {
    const stream = ai.createUIMessageStream({
      execute: ({ writer }) => {
        writer.write({ type: 'start', messageId: 'host' });
        const { task } = startOwnTask({
          streamContext: createOwnContext(),
          taskId: createId(),
          execute: ({ writer: inner }) => {
            inner.write({ type: 'text-start', id: 't' });
            inner.write({ type: 'text-delta', id: 't', delta: 'Hello' });
          },
        });
        writer.merge(task.toUIMessageStream({ sendStart: false, sendFinish: false }) as never);
      },
    });
    const message = await readMessage(await collect(stream as ReadableStream<UIMessageChunk>));
    expect(message?.id).toBe('host');
    expect(message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'text',
      'data-task-settle',
    ]);
    expect(message?.parts[1]).toMatchObject({ text: 'Hello', state: 'done' });
  });

  it('shows its failure in data parts only, without sendFinish', async () => {
    const errors: unknown[] = [];
    const stream = ai.createUIMessageStream({
      execute: ({ writer }) => {
        const { task } = startOwnTask({
          execute: () => {
            throw new TaskError({ code: 'mine', message: 'No.' });
          },
        });
        writer.merge(task.toUIMessageStream({ sendStart: false, sendFinish: false }) as never);
      },
    });
    const chunks = await collect(stream as ReadableStream<UIMessageChunk>);
    const message = await readMessage(chunks, { onError: (error) => errors.push(error) });
    expect(errors).toEqual([]);
    expect(message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'data-task-error',
      'data-task-settle',
    ]);
  });
});
