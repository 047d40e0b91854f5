import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startPatientTimer } from '../../../src/server/time/patient-timer';
import { createManualTimers, type ManualTimers } from '../../../src/testing/manual-timers';

let now: number;
let timers: ManualTimers;

beforeEach(() => {
  now = 0;
  timers = createManualTimers(() => now);
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  for (const [name, manual] of Object.entries(timers.functions)) vi.stubGlobal(name, manual);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Lets time pass in which each timer fires when it is due. */
function pass(ms: number): void {
  const end = now + ms;
  for (let dueAt = timers.nextDue(end); dueAt !== undefined; dueAt = timers.nextDue(end)) {
    now = Math.max(now, dueAt);
    timers.fireNext();
  }
  now = end;
}

/** Lets time pass in which nothing runs, and then what was due meanwhile. */
function standStill(ms: number): void {
  now += ms;
  pass(0);
}

it('runs its callback after its time, and once', () => {
  const callback = vi.fn();
  startPatientTimer(callback, 80);
  pass(79);
  expect(callback).not.toHaveBeenCalled();
  pass(1);
  expect(callback).toHaveBeenCalledTimes(1);
  pass(1_000);
  expect(callback).toHaveBeenCalledTimes(1);
});

it('does nothing once it is stopped', () => {
  const callback = vi.fn();
  const stop = startPatientTimer(callback, 40);
  pass(25);
  stop();
  pass(1_000);
  expect(callback).not.toHaveBeenCalled();
});

it.each([
  ['at once', 0],
  ['near its end', 850],
])('leaves time for what can come only after a standstill, that began %s', (_, beganMs) => {
  const callback = vi.fn();
  startPatientTimer(callback, 1_000);
  pass(beganMs);
  standStill(1_500);
  pass(249);
  expect(callback).not.toHaveBeenCalled();
  pass(1_000);
  expect(callback).toHaveBeenCalledTimes(1);
});

it('comes to its end in a process that is always late', () => {
  const callback = vi.fn();
  startPatientTimer(callback, 40);
  for (let n = 0; n < 5; n++) standStill(30);
  expect(callback).toHaveBeenCalledTimes(1);
});
