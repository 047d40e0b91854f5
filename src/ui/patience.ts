import { createAlarm } from './alarm';
import { hearsOnline, isPageAway, isPageHidden } from './page-wake';
import type { FollowOptions } from './task-client-options';

/** How long a client goes on trying, and how long it waits in between. */
export interface Patience {
  /**
   * Takes an attempt into account that has ended; one with progress lets all count anew. Tells
   * whether another one is worth it.
   *
   * @param limitMs Counts for as much at most: a machine that slept was not trying.
   */
  judge(hadProgress: boolean, limitMs?: number): boolean;
  /**
   * Waits before the next attempt, as long as the server asks for and longer. Ended by the signal.
   * Coming online or becoming visible ends it at once, though not before `minimumMs`.
   */
  pause(minimumMs: number, signal: AbortSignal): Promise<void>;
}

/** Nobody sees what a hidden page lacks, so its pauses may be so many times as long. */
const hiddenFactor = 6;

/** The patience for one thing that is tried again and again. */
export function createPatience(options: FollowOptions): Patience {
  // Attempts in vain since the last progress: all of them, and those that count.
  let failures = 0;
  let attempts = 0;
  // The time that the latter took, with the pauses between them.
  let elapsedMs = 0;
  let attemptedAt = performance.now();
  // When the page last ended a pause by waking.
  let wokenAt = Number.NEGATIVE_INFINITY;

  function count(sinceMs: number, limitMs = Number.POSITIVE_INFINITY): void {
    if (!isPageAway()) elapsedMs += Math.min(performance.now() - sinceMs, limitMs);
  }

  return {
    judge(hadProgress, limitMs) {
      const { maxAttempts = Number.POSITIVE_INFINITY, maxElapsedMs = 300_000 } =
        options.reconnect ?? {};
      if (hadProgress) failures = attempts = elapsedMs = 0;
      else {
        failures++;
        count(attemptedAt, limitMs);
        if (!isPageAway()) attempts++;
      }
      return attempts < maxAttempts && elapsedMs < maxElapsedMs;
    },
    async pause(minimumMs, signal) {
      const { reconnect: { initialDelayMs = 250, maxDelayMs = 10_000 } = {} } = options;
      const { random = Math.random } = options;
      const wasAway = isPageAway();
      const pausedAt = performance.now();
      // Finite, because no delay at all stays none.
      const grownMs = initialDelayMs * 2 ** Math.min(failures, 50);
      const boundMs = Math.min(grownMs, maxDelayMs * (isPageHidden() ? hiddenFactor : 1));
      // On top of what the server asks for, or all whom it asks would come back at once.
      const delayMs = minimumMs + random() * Math.max(minimumMs, boundMs);
      // A page that wakes and sleeps all the time must not make attempts at that pace.
      const earliest = Math.max(pausedAt + minimumMs, wokenAt + Math.min(boundMs, maxDelayMs));
      let endsAt = hearsOnline() ? Number.POSITIVE_INFINITY : pausedAt + delayMs;
      const alarm = createAlarm(signal, () => {
        const now = performance.now();
        endsAt = wokenAt = Math.min(endsAt, Math.max(now, earliest));
        return endsAt - now;
      });
      alarm.set(endsAt - pausedAt);
      await alarm.rung;
      if (!wasAway) count(pausedAt, delayMs);
      attemptedAt = performance.now();
    },
  };
}
