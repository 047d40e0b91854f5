import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCommitPace } from '../../../../src/server/redis/write/commit-pace';
import { createCommitScheduler } from '../../../../src/server/redis/write/commit-scheduler';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const heartbeatMs = 10_000;

/** A pace over characters that wait; each commit waits for an answer. */
function createPaced() {
  const scheduler = createCommitScheduler({ intervalMs: 0 });
  const commits: number[] = [];
  let waiting = 0;
  let answer: (isStored: boolean) => void = () => {};
  const stalls = vi.fn();
  const commitBehind = vi.fn(async () => {});
  const pace = createCommitPace({
    scheduler,
    heartbeatMs,
    commit() {
      const length = waiting;
      commits.push(length);
      return new Promise((resolve) => {
        answer = (isStored) => {
          if (isStored) waiting -= length;
          resolve(isStored);
        };
      });
    },
    commitBehind,
    onStall: stalls,
    hasWork: () => waiting > 0,
    waitingLength: () => waiting,
  });
  return {
    pace,
    commits,
    commitBehind,
    stalls,
    add(length: number) {
      waiting += length;
      pace.add();
    },
    async answer(isStored = true) {
      answer(isStored);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const turn = () => vi.advanceTimersByTimeAsync(0);

it('commits at the end of the turn, and what comes meanwhile in the next', async () => {
  const { commits, add, answer } = createPaced();
  add(10);
  add(20);
  expect(commits).toEqual([]);
  await turn();
  expect(commits).toEqual([30]);
  add(5);
  await turn();
  expect(commits).toEqual([30]);
  await answer();
  expect(commits).toEqual([30, 5]);
});

it('gathers for a moment within a burst', async () => {
  const { commits, add, answer } = createPaced();
  add(40_000);
  await turn();
  add(1_000);
  await answer();
  expect(commits).toEqual([40_000]);
  await vi.advanceTimersByTimeAsync(1);
  expect(commits).toEqual([40_000, 1_000]);
  await answer();
  add(1);
  await turn();
  expect(commits).toEqual([40_000, 1_000, 1]);
});

it('gathers no longer once there is enough, or when nothing more will come', async () => {
  const { commits, add, answer, pace } = createPaced();
  add(40_000);
  await turn();
  await answer();
  add(100_000);
  expect(commits).toHaveLength(1);
  add(100_000);
  expect(commits).toEqual([40_000, 200_000]);
  await answer();
  add(7);
  pace.addLast();
  expect(commits).toEqual([40_000, 200_000, 7]);
});

it('commits the last right behind one that is under way, but not behind one that failed', async () => {
  const { commits, commitBehind, add, answer, pace } = createPaced();
  add(10);
  await turn();
  add(5);
  pace.addLast();
  expect(commitBehind).toHaveBeenCalledTimes(1);
  await answer(false);
  pace.addLast();
  expect(commitBehind).toHaveBeenCalledTimes(1);
  expect(commits).toEqual([10]);
  await vi.advanceTimersByTimeAsync(50);
  expect(commits).toEqual([10, 15]);
});

it('commits at once what has become much meanwhile', async () => {
  const { commits, add, answer } = createPaced();
  add(40_000);
  await turn();
  add(300_000);
  await answer();
  expect(commits).toEqual([40_000, 300_000]);
});

it('tries again, less and less often, and at once when there is news', async () => {
  const { commits, add, answer, pace } = createPaced();
  add(10);
  await turn();
  for (const waitMs of [50, 100, 200]) {
    await answer(false);
    add(1);
    const before = commits.length;
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(commits).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(commits).toHaveLength(before + 1);
  }
  await answer(false);
  pace.look();
  await turn();
  expect(commits).toHaveLength(5);
  await answer();
  add(1);
  await turn();
  expect(commits.at(-1)).toBe(1);
});

it('looks although there is nothing to store, also when a commit is under way', async () => {
  const { commits, answer, pace } = createPaced();
  pace.look();
  await turn();
  expect(commits).toEqual([0]);
  pace.look();
  await turn();
  expect(commits).toEqual([0]);
  await answer();
  expect(commits).toEqual([0, 0]);
});

it('commits once a heartbeat without anything to store', async () => {
  const { commits, answer, add } = createPaced();
  await vi.advanceTimersByTimeAsync(heartbeatMs);
  expect(commits).toEqual([0]);
  await answer();
  await vi.advanceTimersByTimeAsync(heartbeatMs / 2);
  add(1);
  await turn();
  await answer();
  await vi.advanceTimersByTimeAsync(heartbeatMs - 1);
  expect(commits).toEqual([0, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(commits).toEqual([0, 1, 0]);
});

it('tells of a commit that takes very long', async () => {
  const { stalls, add, answer } = createPaced();
  add(1);
  await turn();
  await vi.advanceTimersByTimeAsync(1_001);
  expect(stalls).toHaveBeenCalledTimes(1);
  await answer();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stalls).toHaveBeenCalledTimes(1);
});

it('commits no more once it has ended', async () => {
  const { commits, add, answer, pace } = createPaced();
  add(40_000);
  await turn();
  await answer();
  add(1);
  pace.end();
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs);
  expect(commits).toEqual([40_000]);
});
