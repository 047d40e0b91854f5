// What PROTOCOL.md asks of what a server sends and keeps, requirement by requirement.
import type { UIMessageChunk } from 'ai';
import { streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import {
  aborted,
  chunksOf,
  createGate,
  type ExecuteGiven,
  only,
  run,
  type Settings,
  serve,
  streamOf,
  typesOf,
} from '../helpers/conformance';
import { readWrites } from '../helpers/sse';
import { createOwnContext } from '../helpers/tasks';

describe('order', () => {
  it('starts with start and a running snapshot; messageId in chats and when it was given (R-ORDER-1)', async () => {
    const firstOf = async (settings: Settings) => chunksOf(await run(() => 1, settings))[0];
    expect(await firstOf({})).toEqual({ type: 'start' });
    expect(await firstOf({ chatId: 'chat', taskId: 'the-id-of-a-task' })).toEqual({
      type: 'start',
      messageId: 'the-id-of-a-task',
    });
    expect(await firstOf({ messageId: 'm1' })).toEqual({ type: 'start', messageId: 'm1' });
    const last = { id: 'a7', role: 'assistant' as const, parts: [] };
    expect(await firstOf({ messageId: 'm1', originalMessages: [last] })).toEqual({
      type: 'start',
      messageId: 'a7',
    });
    const [, second] = chunksOf(await run(() => 1));
    expect(second).toMatchObject({ type: 'data-task', data: { status: 'running' } });
  });

  it('closes what is open, then tells the outcome (R-ORDER-2) (R-ORDER-3)', async () => {
    const open: UIMessageChunk[] = [
      { type: 'text-start', id: 't' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'tool-input-available', toolCallId: 'c', toolName: 'search', input: {} },
    ];
    const failed = await run(({ writer }) => {
      for (const chunk of open) writer.write(chunk);
      writer.merge(streamOf({ type: 'finish', messageMetadata: { tokens: 1 } }));
      throw new Error('x');
    });
    expect(typesOf(failed)).toEqual([
      'start',
      'data-task',
      ...open.map(({ type }) => type),
      'text-end',
      'reasoning-end',
      'tool-output-error',
      'message-metadata',
      'data-task',
      'data-task-error',
      'data-task-settle',
      'error',
    ]);
    expect(typesOf(await run(() => 1)).slice(2)).toEqual([
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    const controller = new AbortController();
    controller.abort('stop');
    const cancelled = await run(() => 1, { abortSignal: controller.signal });
    expect(chunksOf(cancelled).slice(2)).toMatchObject([
      { type: 'data-task', data: { status: 'cancelled' } },
      { type: 'data-task-settle', data: { status: 'cancelled' } },
      { type: 'abort', reason: 'stop' },
    ]);
  });

  it('leaves tool calls open that wait for the page (R-ORDER-2)', async () => {
    const call = { toolCallId: 'c', toolName: 'ask', input: {} };
    const approval = { toolCallId: 'c', approvalId: 'a' };
    const waiting: UIMessageChunk[][] = [
      [{ type: 'tool-input-available', ...call }],
      [
        { type: 'tool-input-available', ...call },
        { type: 'tool-approval-request', ...approval },
      ],
    ];
    for (const chunks of waiting) {
      const text = await run(({ writer }) => {
        for (const chunk of chunks) writer.write(chunk);
      });
      expect(typesOf(text)).not.toContain('tool-output-error');
    }
    const failed = await run(({ writer }) => {
      for (const chunk of waiting[1] ?? []) writer.write(chunk);
      writer.write({ type: 'tool-input-available', ...call, toolCallId: 'd' });
      writer.write({ type: 'finish-step' });
      writer.write({ type: 'tool-input-start', toolCallId: 'e', toolName: 'cut' });
      throw new Error('x');
    });
    expect(only(failed, 'tool-output-error')).toMatchObject({ toolCallId: 'e' });
  });

  it('has one settle part and nothing after the last chunk (R-ORDER-4)', async () => {
    let given: ExecuteGiven | undefined;
    const { post, get } = await serve((options) => {
      given = options;
    });
    const text = await (await post()).text();
    only(text, 'data-task-settle');
    expect(() => given?.task.log('late')).toThrow(expect.objectContaining({ code: 'settled' }));
    expect(() => given?.writer.write({ type: 'text-start', id: 't' })).toThrow(
      expect.objectContaining({ code: 'settled' }),
    );
    expect(chunksOf(await (await get()).text())).toEqual(chunksOf(text));
  });

  it('lets a deadline and a cancel outrank what the work does afterwards (R-ORDER-5)', async () => {
    const late = await run(
      async ({ signal }) => {
        await aborted(signal).catch(() => {});
        return 'too late';
      },
      { deadlineMs: 10 },
    );
    expect(only(late, 'data-task-settle').data).toMatchObject({
      status: 'failed',
      error: { code: 'timeout' },
    });
    const gate = createGate();
    const task = streamTask({
      streamContext: createOwnContext(),
      graceMs: 10,
      execute: () => gate.opened,
    });
    await task.cancel();
    const never = await (await task.toResponse()).text();
    expect(only(never, 'data-task-settle').data).toMatchObject({ status: 'cancelled' });
  });
});

describe('merged streams', () => {
  it('keep their ends to themselves (R-MERGE-1) and hand on what these said (R-MERGE-2)', async () => {
    const text = await run(({ writer }) => {
      writer.merge(
        streamOf(
          { type: 'start', messageId: 'theirs', messageMetadata: { model: 'm' } },
          { type: 'text-start', id: 't' },
          { type: 'text-end', id: 't' },
          { type: 'finish', finishReason: 'length', messageMetadata: { tokens: 2 } },
        ),
      );
    });
    expect(typesOf(text)).toEqual([
      'start',
      'data-task',
      'message-metadata',
      'text-start',
      'text-end',
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    expect(only(text, 'message-metadata').messageMetadata).toEqual({ model: 'm' });
    expect(only(text, 'finish')).toEqual({
      type: 'finish',
      finishReason: 'length',
      messageMetadata: { tokens: 2 },
    });
  });

  it('fail the task with an error, though a finish follows (R-MERGE-3)', async () => {
    const text = await run(({ writer }) => {
      writer.merge(streamOf({ type: 'error', errorText: 'Overloaded.' }, { type: 'finish' }));
    });
    expect(only(text, 'data-task-settle').data).toMatchObject({
      status: 'failed',
      error: { message: 'Overloaded.' },
    });
    expect(typesOf(text).filter((type) => type === 'error' || type === 'finish')).toEqual([
      'error',
    ]);
  });

  it('are waited for before settling (R-MERGE-4)', async () => {
    const gate = createGate();
    const { post } = await serve(({ writer }) => {
      writer.merge(
        new ReadableStream<UIMessageChunk>(
          {
            async pull(controller) {
              await gate.opened;
              controller.enqueue({ type: 'text-start', id: 'late' });
              controller.close();
            },
          },
          { highWaterMark: 0 },
        ),
      );
    });
    const body = readWrites(await post());
    expect(await body.until('"running"')).not.toContain('data-task-settle');
    gate.open();
    const types = typesOf(await body.rest());
    expect(types.indexOf('text-start')).toBeLessThan(types.indexOf('data-task-settle'));
  });
});
