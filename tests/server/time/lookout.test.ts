import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLookout } from '../../../src/server/time/lookout';
import { createDeferred, turns } from '../../helpers/async';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A lookout whose looks are answered by hand. */
function start() {
  const looks: ReturnType<typeof createDeferred<void>>[] = [];
  let hasEnded = false;
  const lookout = createLookout({
    look() {
      const deferred = createDeferred<void>();
      looks.push(deferred);
      return deferred.promise;
    },
    hasEnded: () => hasEnded,
  });
  return {
    lookout,
    looks,
    end() {
      hasEnded = true;
    },
  };
}

it('looks once more for all that is asked for during a look', async () => {
  const { lookout, looks } = start();
  lookout.now();
  lookout.now();
  lookout.now();
  expect(looks).toHaveLength(1);
  looks[0]?.resolve();
  await turns();
  expect(looks).toHaveLength(2);
  looks[1]?.resolve();
  await turns();
  expect(looks).toHaveLength(2);
});

it('asks anew when it is time to look, and looks at once when it is asked to before', async () => {
  const { lookout, looks } = start();
  let dueAt = performance.now() + 1_000;
  lookout.when(() => dueAt - performance.now());
  dueAt += 1_000;
  await vi.advanceTimersByTimeAsync(1_500);
  expect(looks).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(looks).toHaveLength(1);
  looks[0]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  lookout.in(60_000);
  lookout.now();
  expect(looks).toHaveLength(2);
  looks[1]?.resolve();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(looks).toHaveLength(2);
});

it('looks again, and less and less often, until it gets an answer', async () => {
  const { lookout, looks } = start();
  lookout.now();
  const waits: number[] = [];
  for (let index = 0; index < 7; index++) {
    const failedAt = performance.now();
    looks[index]?.reject(new Error('away'));
    await vi.advanceTimersToNextTimerAsync();
    waits.push(performance.now() - failedAt);
    expect(looks).toHaveLength(index + 2);
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(new Set(waits.slice(0, 4)).size).toBe(4);
  expect(lookout.answered()).toBe(true);
  expect(lookout.answered()).toBe(false);
  lookout.stop();
});

it('looks no more once it has ended or was stopped', async () => {
  const { lookout, looks, end } = start();
  lookout.in(1_000);
  lookout.stop();
  await vi.advanceTimersByTimeAsync(2_000);
  lookout.now();
  lookout.now();
  end();
  looks[0]?.resolve();
  await vi.advanceTimersByTimeAsync(2_000);
  lookout.now();
  lookout.in(1_000);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(looks).toHaveLength(1);
});
