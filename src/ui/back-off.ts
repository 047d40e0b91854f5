import { createAlarm } from './alarm';
import type { FollowOptions } from './task-client-options';

/**
 * Waits before the next attempt: exponentially longer, with full jitter, but at least `minimumMs`.
 * Coming online or becoming visible ends the wait at once, though not before the minimum;
 * aborting ends it in any case.
 */
export async function backOff(
  {
    reconnect: { initialDelayMs = 250, maxDelayMs = 10_000 } = {},
    random = Math.random,
  }: FollowOptions,
  failures: number,
  minimumMs: number,
  signal: AbortSignal,
): Promise<void> {
  const delayMs = random() * Math.min(maxDelayMs, initialDelayMs * 2 ** failures);
  const earliest = performance.now() + minimumMs;
  const alarm = createAlarm(signal, () => earliest - performance.now());
  alarm.set(Math.max(delayMs, minimumMs));
  await alarm.rung;
}
