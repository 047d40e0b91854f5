import { createAlarm } from './alarm';

/**
 * Runs an attempt, and aborts it when the signal aborts, or when nothing is received for
 * `limitMs()`; rejects at once then, even when a `fetch` ignores its signal. After the page woke,
 * half the limit is enough, because its timers may have slept and its sockets may be dead.
 *
 * @param attempt Calls `touch` whenever something is received.
 */
export async function superviseAttempt(
  attempt: (signal: AbortSignal, touch: () => void) => Promise<void>,
  signal: AbortSignal,
  limitMs: () => number,
  onStalled: (isStalled: boolean) => void,
): Promise<void> {
  const controller = new AbortController();
  let touchedAt = performance.now();
  const alarm = createAlarm(signal, () => touchedAt + limitMs() / 2 - performance.now());
  const touch = () => {
    touchedAt = performance.now();
    alarm.set(limitMs());
    onStalled(false);
  };
  const silence = alarm.rung.then(() => {
    controller.abort();
    if (!signal.aborted) onStalled(true);
    throw new Error('Nothing came.');
  });
  alarm.set(limitMs());
  try {
    await Promise.race([attempt(controller.signal, touch), silence]);
  } finally {
    alarm.close();
  }
}
