import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCommitScheduler } from '../../../../src/server/redis/write/commit-scheduler';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A commit that notes when it ran. */
function commits() {
  const times: number[] = [];
  const startedAt = performance.now();
  return { times, run: () => void times.push(Math.round(performance.now() - startedAt)) };
}

it('commits once at the end of the turn, however often it was asked', async () => {
  const scheduler = createCommitScheduler({ intervalMs: 0 });
  const { times, run } = commits();
  scheduler.schedule(run);
  scheduler.schedule(run);
  expect(times).toEqual([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(times).toEqual([0]);
  scheduler.schedule(run);
  await vi.advanceTimersByTimeAsync(0);
  expect(times).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(times).toEqual([0, 0]);
  scheduler.close();
});

it('commits at once after a rest, and then no more often than the interval allows', async () => {
  const scheduler = createCommitScheduler({ intervalMs: 50 });
  const one = commits();
  const other = commits();
  scheduler.schedule(one.run);
  await vi.advanceTimersByTimeAsync(10);
  expect(one.times).toEqual([0]);
  scheduler.schedule(one.run);
  scheduler.schedule(other.run);
  await vi.advanceTimersByTimeAsync(30);
  scheduler.schedule(one.run);
  expect(one.times).toEqual([0]);
  await vi.advanceTimersByTimeAsync(200);
  expect([one.times, other.times]).toEqual([[0, 50], [50]]);
  scheduler.schedule(other.run);
  await vi.advanceTimersByTimeAsync(0);
  expect(other.times).toEqual([50, 240]);
  scheduler.close();
});

it('lets tasks take turns beyond so many commits in a second, first come, first served', async () => {
  // 2 in each window of 20 ms.
  const scheduler = createCommitScheduler({ intervalMs: 0, maxPerSecond: 100 });
  const order: string[] = [];
  const runs = ['a', 'b', 'c', 'd', 'e'].map((name) => () => void order.push(name));
  for (const run of runs) scheduler.schedule(run);
  await vi.advanceTimersByTimeAsync(1);
  expect(order.join('')).toBe('ab');
  // Whoever has had its turn waits for the others.
  scheduler.schedule(runs[0]!);
  await vi.advanceTimersByTimeAsync(20);
  expect(order.join('')).toBe('abcd');
  await vi.advanceTimersByTimeAsync(20);
  expect(order.join('')).toBe('abcdea');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(order.join('')).toBe('abcdea');
  scheduler.close();
});

it('gives every task the same share when all are always busy', async () => {
  const scheduler = createCommitScheduler({ intervalMs: 0, maxPerSecond: 1_000 });
  const counts = Array.from({ length: 50 }, () => 0);
  const runs = counts.map((_, task) => () => {
    counts[task] = (counts[task] ?? 0) + 1;
    // The next one comes when this is answered.
    setTimeout(() => scheduler.schedule(runs[task]!), 1);
  });
  for (const run of runs) scheduler.schedule(run);
  await vi.advanceTimersByTimeAsync(1_000);
  scheduler.close();
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  const total = counts.reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(900);
  expect(total).toBeLessThanOrEqual(1_040);
});

it('runs nothing once it is closed, and leaves no timer', async () => {
  const scheduler = createCommitScheduler({ intervalMs: 50 });
  const { times, run } = commits();
  scheduler.schedule(run);
  await vi.advanceTimersByTimeAsync(0);
  scheduler.schedule(run);
  scheduler.close();
  scheduler.schedule(run);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(times).toEqual([0]);
});

it('commits before the end of the turn when it is in a hurry, but not before others', async () => {
  const scheduler = createCommitScheduler({ intervalMs: 0 });
  const order: string[] = [];
  scheduler.hurry(() => void order.push('first'));
  expect(order).toEqual(['first']);
  scheduler.schedule(() => void order.push('waiting'));
  scheduler.hurry(() => void order.push('later'));
  expect(order).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(0);
  expect(order).toEqual(['first', 'waiting', 'later']);
  scheduler.close();
});

it('is in no hurry beyond its limits', async () => {
  // 2 in each window of 20 ms.
  const scheduler = createCommitScheduler({ intervalMs: 0, maxPerSecond: 100 });
  const { times, run } = commits();
  for (let count = 0; count < 3; count++) scheduler.hurry(run);
  expect(times).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(25);
  expect(times).toEqual([0, 0, 20]);
  scheduler.close();

  const gathering = createCommitScheduler({ intervalMs: 50 });
  const gathered = commits();
  gathering.schedule(gathered.run);
  await vi.advanceTimersByTimeAsync(0);
  gathering.hurry(gathered.run);
  expect(gathered.times).toEqual([0]);
  await vi.advanceTimersByTimeAsync(50);
  expect(gathered.times).toEqual([0, 50]);
  gathering.close();
});
