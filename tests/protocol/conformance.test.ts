// What PROTOCOL.md asks of what a server sends and keeps, requirement by requirement.
import { connect } from 'node:net';
import { streamTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { onCleanUp } from '../helpers/clean-up';
import {
  aborted,
  chunksOf,
  createGate,
  eventsOf,
  only,
  run,
  type Settings,
  serve,
  taskId,
} from '../helpers/conformance';
import { relativeIds } from '../helpers/cursors';
import { readWrites } from '../helpers/sse';
import { createOwnContext } from '../helpers/tasks';

describe('frames', () => {
  it('begin with the preamble before the work has done anything (R-FRAME-1)', async () => {
    const gate = createGate();
    const { port } = await serve(() => gate.opened);
    const socket = connect(port, '127.0.0.1');
    onCleanUp(() => void socket.destroy());
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
