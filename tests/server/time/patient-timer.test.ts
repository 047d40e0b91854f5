import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { startPatientTimer } from '../../../src/server/time/patient-timer';
import { block } from '../../helpers/async';

it('runs its callback after its time', async () => {
  const callback = vi.fn();
  const startedAt = performance.now();
  startPatientTimer(callback, 80);
  await vi.waitFor(() => expect(callback).toHaveBeenCalledTimes(1));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(70);
  await sleep(100);
  expect(callback).toHaveBeenCalledTimes(1);
});

it('does nothing once it is stopped', async () => {
  const callback = vi.fn();
  const stop = startPatientTimer(callback, 40);
  await sleep(25);
  stop();
  await sleep(60);
  expect(callback).not.toHaveBeenCalled();
});

it.each([
  ['at once', 0],
  ['near its end', 850],
])('leaves time for what can come only after a standstill, that began %s', async (_, beganMs) => {
  const callback = vi.fn();
  const stop = startPatientTimer(callback, 1_000);
  await sleep(beganMs);
  block(1_500);
  await sleep(100);
  expect(callback).not.toHaveBeenCalled();
  stop();
});

it('comes to its end in a process that is always late', async () => {
  const callback = vi.fn();
  startPatientTimer(callback, 40);
  for (let n = 0; n < 8; n++) {
    block(30);
    await sleep(0);
  }
  await vi.waitFor(() => expect(callback).toHaveBeenCalledTimes(1));
});
