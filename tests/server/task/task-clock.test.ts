import type { TaskData, TaskLogData, TaskSettlement } from 'ai-task-stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLostTask } from '../../../src/server/log/lost-frames';
import { block, turns } from '../../helpers/async';
import { storedChunksIn } from '../../helpers/sse';
import { runToText } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

const hourMs = 3_600_000;

describe('R-PART-4: a clock that is set while a task runs', () => {
  it.each([
    ['back', -hourMs],
    ['forth', hourMs],
  ])('%s changes no duration and puts no time before the beginning', async (_where, byMs) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { text, task } = await runToText({
      steps: { first: 1, second: 1 },
      progressIntervalMs: 0,
      execute: async ({ task: reporter }) => {
        await reporter.step('first', async () => {
          vi.setSystemTime(Date.now() + byMs);
          reporter.log('Noted.');
          await turns(2);
        });
        await reporter.run({ name: 'within', execute: ({ task: within }) => within.log('Here.') });
        await reporter.step('second', () => turns(2));
      },
    });
    const { durationMs } = await task.consume();
    expect(durationMs).toBeGreaterThanOrEqual(0);
    expect(durationMs).toBeLessThan(hourMs);
    const chunks = storedChunksIn(text) as { type: string; data: unknown }[];
    const dataOf = <Data>(type: string) =>
      chunks.flatMap((chunk) => (chunk.type === type ? (chunk.data as Data) : []));
    const snapshots = dataOf<TaskData>('data-task');
    const createdAt = snapshots[0]?.createdAt ?? Number.NaN;
    const times = [
      ...snapshots.flatMap((snapshot) => [snapshot.createdAt, snapshot.updatedAt]),
      ...dataOf<TaskLogData>('data-task-log').map(({ at }) => at),
    ];
    expect(times.every((time) => time >= createdAt && time < createdAt + hourMs)).toBe(true);
    for (const settlement of dataOf<TaskSettlement>('data-task-settle')) {
      expect(settlement.durationMs).toBeGreaterThanOrEqual(0);
      expect(settlement.settledAt).toBeGreaterThanOrEqual(createdAt);
      expect(settlement.durationMs).toBeLessThan(hourMs);
    }
  });

  it('lets a lost task end after its newest snapshot', () => {
    const taskId = 'lost-0123456789abcdef';
    const lost = createLostTask({ taskId, createdAt: 1_000, name: undefined, cancel: undefined });
    const data = { taskId, status: 'running', createdAt: 1_000, updatedAt: 1_500 };
    lost.track(JSON.stringify({ type: 'data-task', id: taskId, data }));
    const { frames } = lost.close(-hourMs);
    const chunks = frames.map((frame) => JSON.parse(frame));
    expect(chunks.find(({ type }) => type === 'data-task').data.updatedAt).toBe(1_500);
    expect(chunks.find(({ type }) => type === 'data-task-settle').data).toMatchObject({
      durationMs: 500,
      settledAt: 1_500,
    });
  });
});

describe('R-ORDER-5: a deadline that passes while the process is busy', () => {
  it.each<[string, () => unknown]>([
    ['returns', () => 'a result'],
    ['returns a promise', async () => 'a result'],
    [
      'throws',
      () => {
        throw new Error('late');
      },
    ],
  ])('outranks work that then %s', async (_how, then) => {
    const { task, reported } = await runToText({
      deadlineMs: 10,
      execute: () => {
        block(30);
        return then();
      },
    });
    expect(await task.consume()).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect(reported.map(String)).toEqual(_how === 'throws' ? ['Error: late'] : []);
  });

  it('does not outrank a cancel that came before it', async () => {
    const controller = new AbortController();
    const { task } = await runToText({
      deadlineMs: 10,
      abortSignal: controller.signal,
      execute: () => {
        controller.abort('Enough.');
        block(30);
      },
    });
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { message: 'Enough.' },
    });
  });
});
