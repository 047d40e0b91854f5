// What PROTOCOL.md asks of what a server sends and keeps, requirement by requirement.
import { connect } from 'node:net';
import type { UIMessageChunk } from 'ai';
import {
  cancelTask,
  createMemoryStreamContext,
  type OpenTaskOptions,
  resumeTask,
  streamTask,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import {
  aborted,
  chunksOf,
  cleanups,
  createGate,
  type ExecuteGiven,
  eventsOf,
  expectRefusal,
  only,
  type Received,
  run,
  type Settings,
  serve,
  streamOf,
  taskId,
  typesOf,
} from '../helpers/conformance';
import { cursorAt, relativeEnd, relativeIds } from '../helpers/cursors';
import { readWrites } from '../helpers/sse';
import { createId, createOwnContext } from '../helpers/tasks';

describe('frames', () => {
  it('begin with the preamble before the work has done anything (R-FRAME-1)', async () => {
    const gate = createGate();
    const { port } = await serve(() => gate.opened);
    const socket = connect(port, '127.0.0.1');
    cleanups.push(() => void socket.destroy());
    const body = JSON.stringify({ taskId });
    socket.write(
      `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let received = '';
    for await (const bytes of socket) {
      received += bytes;
      if (received.includes('retry: 1000\n\n')) break;
    }
    const [, firstBytes] = received.split('\r\n\r\n');
    // The length of the first HTTP chunk stands before it.
    expect(firstBytes).toMatch(/^[0-9a-f]+\r\nretry: 1000\n\n/);
  });

  it('have exactly one id line and one data line (R-FRAME-2)', async () => {
    const text = await run(({ writer }) => {
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'line\nbreak\u2028' });
    });
    expect(relativeIds(text)).toContain('id: 0-2\ndata: {"type":"text-start","id":"t"}\n\n');
    const delta = JSON.stringify({ type: 'text-delta', id: 't', delta: 'line\nbreak\u2028' });
    expect(relativeIds(text)).toContain(`id: 0-3\ndata: ${delta}\n\n`);
    for (const line of text.split('\n')) expect(line).toMatch(/^(|retry: 1000|id: .*|data: .*)$/s);
  });

  it('of heartbeats and of the end mark have no id (R-FRAME-3)', async () => {
    const text = await run(() => 1);
    const heartbeats = eventsOf(text).filter(({ chunk }) => chunk.type === 'data-task-heartbeat');
    for (const heartbeat of heartbeats) expect(heartbeat.id).toBeUndefined();
    const stored = eventsOf(relativeIds(text)).filter(
      ({ chunk }) => chunk.type !== 'data-task-heartbeat',
    );
    for (const frame of stored) expect(frame.id).toMatch(/^0-\d+$/);
    expect(text).not.toContain('\ndata: [DONE]\n\nid');
    expect(text).toMatch(/\n\ndata: \[DONE\]\n\n$/);
  });

  it('end with the end mark, once, in every response (R-FRAME-4)', async () => {
    const { post, get } = await serve(() => 1);
    for (const response of [await post(), await get()]) {
      const text = await response.text();
      expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
      expect(text.split('[DONE]')).toHaveLength(2);
    }
  });
});

describe('parts', () => {
  it('have no members but type, id, data and transient (R-PART-1), as the table says (R-PART-2), with times in milliseconds (R-PART-4)', async () => {
    const before = Date.now();
    const text = await run(
      ({ task }) => {
        task.log('a');
        task.partial(1);
        throw new Error('secret');
      },
      { taskId, heartbeatMs: 20 },
    );
    const shapes: Record<string, object> = {
      'data-task': { id: taskId },
      'data-task-log': { id: `${taskId}:0`, transient: true },
      'data-task-partial': { id: `${taskId}:0`, transient: true },
      'data-task-heartbeat': { transient: true },
      'data-task-error': { id: taskId },
      'data-task-settle': { id: taskId },
    };
    const events = eventsOf(text);
    for (const { chunk } of events) {
      if (!chunk.type.startsWith('data-task')) continue;
      const { type, data, ...others } = chunk;
      expect(others).toEqual(shapes[type]);
      expect(data.taskId).toBe(taskId);
      for (const name of ['createdAt', 'updatedAt', 'at', 'settledAt']) {
        if (!(name in data)) continue;
        expect(Number.isInteger(data[name])).toBe(true);
        expect(data[name]).toBeGreaterThanOrEqual(before);
        expect(data[name]).toBeLessThanOrEqual(Date.now());
      }
    }
    const { durationMs, settledAt } = only(text, 'data-task-settle').data;
    expect(durationMs).toBe(settledAt - chunksOf(text)[1].data.createdAt);
  });

  it('count log lines and partial results from 0, each by itself (R-PART-3)', async () => {
    const text = await run(({ task }) => {
      for (const value of ['a', 'b', 'c']) {
        task.log(value);
        task.partial(value);
      }
    });
    for (const type of ['data-task-log', 'data-task-partial']) {
      const chunks = chunksOf(text).filter((chunk) => chunk.type === type);
      expect(chunks.map(({ data }) => data.index)).toEqual([0, 1, 2]);
    }
  });

  it('of the type data-task are complete snapshots (R-PART-5)', async () => {
    const steps = { outline: 10, write: 90 };
    const text = await run(
      async ({ task }) => {
        await task.step('outline', ({ progress }) => progress({ value: 1, total: 2 }));
        await task.step('write', () => {});
      },
      { steps, name: 'report' } as Settings,
    );
    const snapshots = chunksOf(text).filter(({ type }) => type === 'data-task');
    for (const { data } of snapshots) {
      expect(data).toMatchObject({ name: 'report', createdAt: expect.any(Number) });
      expect(data.steps.map(({ name }: { name: string }) => name)).toEqual(['outline', 'write']);
    }
    expect(snapshots.at(-1).data).toMatchObject({
      status: 'completed',
      steps: [
        { name: 'outline', weight: 10, status: 'completed', progress: { value: 1, total: 2 } },
        { name: 'write', weight: 90, status: 'completed' },
      ],
    });
  });

  it('of the type data-task are paced, and the newest state is kept (R-PART-6)', async () => {
    const gate = createGate();
    const task = streamTask({
      streamContext: createOwnContext(),
      progressIntervalMs: 50,
      execute: async ({ task }) => {
        // After the reader has caught up, so that compaction does not hide what was stored.
        await gate.opened;
        for (let value = 1; value <= 1_000; value++) task.progress({ value, total: 1_000 });
      },
    });
    const body = readWrites(await task.toResponse());
    await body.until('"running"');
    gate.open();
    const snapshots = chunksOf(await body.rest()).filter(({ type }) => type === 'data-task');
    const [{ data: first }] = snapshots;
    const { data: last } = snapshots.at(-1);
    const mostIntervals = Math.floor((last.updatedAt - first.createdAt) / 50) + 1;
    expect(snapshots.length).toBeLessThanOrEqual(mostIntervals + 2);
    expect(last).toMatchObject({ status: 'completed', progress: { value: 1_000, total: 1_000 } });
  });

  it('tell a result only on completion, and an error only otherwise (R-PART-7)', async () => {
    const completed = only(await run(() => ({ pages: 12 })), 'data-task-settle').data;
    expect(completed).toMatchObject({ status: 'completed', result: { pages: 12 } });
    expect(completed).not.toHaveProperty('error');

    const failed = only(await run(() => Promise.reject(new Error('x'))), 'data-task-settle').data;
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'internal' } });
    expect(failed).not.toHaveProperty('result');

    const task = streamTask({
      streamContext: createOwnContext(),
      execute: ({ signal }) => aborted(signal),
    });
    expect(await task.cancel('Not needed.')).toBe(true);
    const cancelled = only(await (await task.toResponse()).text(), 'data-task-settle').data;
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'Not needed.' },
    });
    expect(cancelled).not.toHaveProperty('result');
  });

  it('of a chat leave the result out unless it is asked for (R-PART-8)', async () => {
    const settleOf = async (settings: Settings) =>
      only(await run(() => 'result', { chatId: 'chat', ...settings }), 'data-task-settle').data;
    expect(await settleOf({})).not.toHaveProperty('result');
    expect(await settleOf({ sendResult: true })).toHaveProperty('result', 'result');
  });

  it('never tell an error that was not meant for clients (R-PART-9)', async () => {
    const text = await run(() => Promise.reject(new Error('password in the message')));
    expect(text).not.toContain('password');
    const error = { code: 'internal', message: 'The task failed.', retryable: false };
    expect(only(text, 'data-task-settle').data.error).toEqual(error);
    expect(only(text, 'data-task-error').data).toMatchObject(error);
    expect(only(text, 'error')).toEqual({ type: 'error', errorText: 'The task failed.' });
  });

  it('fail the task when JSON cannot carry a value (R-PART-10)', async () => {
    const settlements = [
      await run(() => ({ pages: [1, 2n] })),
      await run(({ task }) => task.partial({ size: 3n })),
      await run(() => ({ sizes: new Map([['a', 1]]) })),
      await run(({ task }) => task.partial({ sizes: new Set([1]) })),
    ].map((text) => only(text, 'data-task-settle').data);
    expect(settlements).toMatchObject([
      { status: 'failed', error: { code: 'unserializable', details: { path: 'result.pages[1]' } } },
      {
        status: 'failed',
        error: { code: 'unserializable', details: { path: 'partials[0].size' } },
      },
      { status: 'failed', error: { code: 'unserializable', details: { path: 'result.sizes' } } },
      {
        status: 'failed',
        error: { code: 'unserializable', details: { path: 'partials[0].sizes' } },
      },
    ]);
  });
});

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

describe('replays', () => {
  const deltas: UIMessageChunk[] = [
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'one ' },
    { type: 'text-delta', id: 'a', delta: 'two ', providerMetadata: { p: { seen: 2 } } },
    { type: 'text-delta', id: 'a', delta: 'three' },
    { type: 'text-delta', id: 'b', delta: 'other' },
    { type: 'text-delta', id: 'a', delta: 'x', later: true } as UIMessageChunk,
    { type: 'text-delta', id: 'a', delta: 'y', later: true } as UIMessageChunk,
    { type: 'reasoning-delta', id: 'r', delta: 'so' },
    { type: 'reasoning-delta', id: 'r', delta: ' then' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a"' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: ':1}' },
  ];
  const fused = [
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'one two three', providerMetadata: { p: { seen: 2 } } },
    { type: 'text-delta', id: 'b', delta: 'other' },
    { type: 'text-delta', id: 'a', delta: 'x', later: true },
    { type: 'text-delta', id: 'a', delta: 'y', later: true },
    { type: 'reasoning-delta', id: 'r', delta: 'so then' },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a":1}' },
  ];

  it('fuse deltas (R-REPLAY-3) but not strange ones (R-REPLAY-4); live frames go one by one (R-REPLAY-1)', async () => {
    const gate = createGate();
    const { post, get } = await serve(async ({ writer }) => {
      await gate.opened;
      for (const chunk of deltas) writer.write(chunk);
    });
    const body = readWrites(await post());
    await body.until('"running"');
    gate.open();
    const isOurs = ({ type }: { type: string }) => /text-|reasoning-delta|input-delta/.test(type);
    const live = chunksOf(await body.rest()).filter(isOurs);
    expect(live.slice(0, deltas.length)).toEqual(deltas);
    const replay = await (await get()).text();
    expect(chunksOf(replay).filter(isOurs).slice(0, fused.length)).toEqual(fused);
    expect(
      eventsOf(relativeIds(replay)).find(({ chunk }) => chunk.delta === 'one two three')?.id,
    ).toBe('0-5');
  });

  it('keep the first and the newest snapshot (R-REPLAY-2), and every other frame (R-REPLAY-5)', async () => {
    const { post, get } = await serve(
      async ({ task }) => {
        for (let value = 1; value <= 5; value++) {
          task.progress({ value, total: 5 });
          task.log(`line ${value}`);
          task.partial(value);
          await new Promise((resolve) => setTimeout(resolve, 110));
        }
        throw new Error('x');
      },
      { heartbeatMs: 60_000 },
    );
    await (await post()).text();
    const replay = await (await get()).text();
    const types = typesOf(replay);
    const count = (type: string) => types.filter((each) => each === type).length;
    expect(chunksOf(replay).filter(({ type }) => type === 'data-task')).toMatchObject([
      { data: { status: 'running' } },
      { data: { status: 'failed', progress: { value: 5 } } },
    ]);
    expect([count('data-task-log'), count('data-task-partial')]).toEqual([5, 5]);
    expect([count('data-task-error'), count('data-task-settle'), count('error')]).toEqual([
      1, 1, 1,
    ]);
  });

  it('can be cut between any two frames (R-REPLAY-6)', async () => {
    const { post, get } = await serve(({ writer }) => {
      for (const chunk of deltas) writer.write(chunk);
    });
    await (await post()).text();
    const whole = eventsOf(await (await get()).text());
    for (const [index, { id }] of whole.entries()) {
      if (index === whole.length - 1) break;
      expect(id).toBeDefined();
      const rest = await (await get(undefined, { 'last-event-id': id ?? '' })).text();
      const text = (chunks: Received['chunk'][]) =>
        chunks.map(({ delta, inputTextDelta }) => delta ?? inputTextDelta ?? '').join('');
      const joined = [...whole.slice(0, index + 1).map(({ chunk }) => chunk), ...chunksOf(rest)];
      expect(text(joined)).toBe(text(deltas));
    }
  });
});

describe('a stream context', () => {
  const open = (token: string, more: Partial<OpenTaskOptions> = {}): OpenTaskOptions => ({
    leaseMs: 10_000,
    token,
    frames: ['{"type":"start"}'],
    ...more,
  });

  it('opens a task once, and gives one token one answer (R-CONTEXT-1)', async () => {
    const context = createOwnContext();
    const logs = await Promise.all(
      ['a', 'b', 'c'].map((token) => context.open(taskId, open(token))),
    );
    expect(logs.filter(Boolean)).toHaveLength(1);
    const winner = ['a', 'b', 'c'][logs.findIndex(Boolean)] ?? '';
    expect(await context.open(taskId, open(winner))).toBeDefined();
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    expect(await relativeEnd(context, taskId)).toBe('0-0');
    await logs.find(Boolean)?.settle([], 'completed');
  });

  it('reads from any cursor, before, during and after the work (R-CONTEXT-2)', async () => {
    const context = createOwnContext();
    expect(await context.read(taskId)).toBeUndefined();
    const log = await context.open(taskId, open('a'));
    log?.append('1');
    const at = (cursor: string) => cursorAt(context, taskId, cursor);
    const readers = [
      await context.read(taskId),
      await context.read(taskId, { cursor: await at('0-0') }),
    ];
    log?.append('2');
    await log?.settle(['3'], 'completed');
    readers.push(await context.read(taskId, { cursor: await at('0-2') }));
    const read = readers.map((reader) => {
      const range = reader?.take();
      const frames = range?.data.slice(range.start - range.offset, range.end - range.offset);
      expect([reader?.take(), reader?.isEnded]).toEqual([undefined, true]);
      return frames;
    });
    expect(read).toEqual([['{"type":"start"}', '1', '2', '3'], ['1', '2', '3'], ['3']]);
  });

  it('settles once (R-CONTEXT-3)', async () => {
    const context = createOwnContext();
    const log = await context.open(taskId, open('a'));
    expect(await log?.settle(['1'], 'completed')).toBe(true);
    expect(await log?.settle(['2'], 'failed')).toBe(false);
    log?.append('3');
    expect(await context.inspect(taskId)).toMatchObject({ status: 'completed' });
    expect(await relativeEnd(context, taskId)).toBe('0-1');
  });

  it('forgets a settled task after its time (R-CONTEXT-4)', async () => {
    const context = createMemoryStreamContext({
      scope: createId(),
      retentionMs: 30,
    });
    const log = await context.open(taskId, open('a'));
    const settledAt = Date.now();
    await log?.settle([], 'completed');
    while (await context.read(taskId)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Date.now() - settledAt).toBeGreaterThanOrEqual(30);
    const response = await resumeTask({ taskId, streamContext: context }).toResponse();
    await expectRefusal(response, 404, 'not-found');
  });

  it('keeps a cancel, also for a task that is not open yet (R-CONTEXT-5)', async () => {
    const streamContext = createOwnContext();
    expect(await cancelTask({ taskId, streamContext, owner: 'ada', reason: 'early' })).toBe(true);
    const log = await streamContext.open(taskId, open('a', { owner: 'ada' }));
    expect(log?.signal.reason).toMatchObject({ name: 'AbortError', message: 'early' });
    expect(await cancelTask({ taskId, streamContext, owner: 'eve' })).toBe(false);
    await log?.settle([], 'cancelled');
    expect(await cancelTask({ taskId, streamContext, owner: 'ada' })).toBe(false);
  });

  it('has one active task per owner and chat, until it is saved (R-CONTEXT-6)', async () => {
    const streamContext = createOwnContext();
    const gate = createGate();
    const start = (owner: string, onSettle?: () => Promise<void>) =>
      streamTask({
        streamContext,
        owner,
        chatId: 'chat',
        onError: () => {},
        onSettle,
        execute: ({ signal }) => Promise.race([aborted(signal), gate.opened]),
      });
    const first = start('ada');
    await first.toResponse().then((response) => response.body?.cancel());
    const others = start('eve');
    await others.toResponse().then((response) => response.body?.cancel());
    let activeWhileSaving: string | undefined;
    const second = start('ada', async () => {
      activeWhileSaving = await streamContext.activeTask('chat', { owner: 'ada' });
    });
    expect(await first.consume()).toMatchObject({ error: { message: 'superseded' } });
    expect(await streamContext.activeTask('chat', { owner: 'eve' })).toBe(others.taskId);
    gate.open();
    expect(await second.consume()).toMatchObject({ status: 'completed' });
    expect(await others.consume()).toMatchObject({ status: 'completed' });
    while (await streamContext.activeTask('chat', { owner: 'ada' })) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(activeWhileSaving).toBe(second.taskId);
  });
});
