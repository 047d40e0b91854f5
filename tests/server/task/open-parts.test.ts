import type { UIMessageChunk } from 'ai';
import { TaskError } from 'ai-task-stream';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred } from '../../helpers/async';
import { streamOf } from '../../helpers/conformance';
import { typesIn } from '../../helpers/sse';
import { runToText } from '../../helpers/tasks';
import { between } from './merged-chunks';

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

it('costs no more for each call, however many are open', async () => {
  const entriesFor = async (count: number) => {
    const set = vi.spyOn(Map.prototype, 'set');
    await runToText({
      execute: ({ writer }) => {
        for (let index = 0; index < count; index++) {
          const call = { toolCallId: `call-${index}`, toolName: 's' };
          writer.write({ type: 'tool-input-available', ...call, input: {} });
        }
      },
    });
    const { length } = set.mock.calls;
    set.mockRestore();
    return length;
  };
  const few = await entriesFor(500);
  const many = await entriesFor(2_000);
  expect(few).toBeGreaterThan(500);
  expect(many).toBeLessThan(6 * few);
});
