import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startBeats } from '../../../src/server/time/beats';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('those of one key and interval share a timer and the time, and others have their own', () => {
  const calls: [string, number][] = [];
  const start = (key: string, intervalMs: number, name: string) =>
    startBeats(key, intervalMs, (at) => calls.push([name, at]));
  const first = [start('a', 1_000, 'first'), start('a', 1_000, 'second')];
  const others = [start('b', 1_000, 'other key'), start('a', 3_000, 'other interval')];
  expect(vi.getTimerCount()).toBe(3);
  vi.advanceTimersByTime(1_000);
  const at = Date.now();
  expect(calls).toEqual([
    ['first', at],
    ['second', at],
    ['other key', at],
  ]);
  for (const stop of [...first, ...others]) stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('who comes later is called within one interval, and then once in each (R-BEAT-1)', () => {
  const early = vi.fn();
  const late = vi.fn();
  const stopEarly = startBeats('a', 1_000, early);
  vi.advanceTimersByTime(700);
  const stopLate = startBeats('a', 1_000, late);
  vi.advanceTimersByTime(1_000);
  expect(late).toHaveBeenCalledTimes(1);
  stopEarly();
  vi.advanceTimersByTime(2_000);
  expect(late).toHaveBeenCalledTimes(3);
  expect(early).toHaveBeenCalledTimes(1);
  stopLate();
  expect(vi.getTimerCount()).toBe(0);
});

it('begins anew after all have left, and stopping twice stops nobody else', () => {
  const stop = startBeats('a', 1_000, () => {});
  stop();
  const onBeat = vi.fn();
  const stopNext = startBeats('a', 1_000, onBeat);
  stop();
  vi.advanceTimersByTime(1_000);
  expect(onBeat).toHaveBeenCalledOnce();
  stopNext();
  expect(vi.getTimerCount()).toBe(0);
});

it('each has a timer of its own where timers end with the request that sets them', () => {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
  const stops = [1, 2].map(() => startBeats('a', 1_000, () => {}));
  expect(vi.getTimerCount()).toBe(2);
  for (const stop of stops) stop();
  expect(vi.getTimerCount()).toBe(0);
});
