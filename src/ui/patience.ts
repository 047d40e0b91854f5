import { createAlarm } from './alarm';
import { hearsOnline, isPageAway, isPageHidden } from './page-wake';
import type { FollowOptions } from './task-client-options';

/** How long a client goes on trying, and how long it waits in between. */
export interface Patience {
  /**
   * Counts an attempt that has ended; one with progress sets all counts to 0. Returns whether
   * another attempt is worth it.
   *
   * @param limitMs The longest time that the attempt counts for: a machine that slept did not try.
   */
  judge(hadProgress: boolean, limitMs?: number): boolean;
  /**
   * Waits before the next attempt, at least the `minimumMs` that the server asks for. Ends when the
   * signal aborts; after `minimumMs`, also when the page comes online or becomes visible.
   *
   * @param isPrompt Whether to wait no longer than that, if the page is shown and online.
   */
  pause(minimumMs: number, signal: AbortSignal, isPrompt?: boolean): Promise<void>;
}

/** How many times as long a hidden page's pauses may be: nobody sees what it lacks. */
const hiddenFactor = 6;

/** Creates the patience for one request that is made again and again. */
export function createPatience(options: FollowOptions): Patience {
  // Attempts in vain since the last progress: all of them, and those made while the page was shown
  // and online, which alone count against the limits.
  let failures = 0;
  let attempts = 0;
  // The time that the attempts which count took, with the pauses between them.
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
    async pause(minimumMs, signal, isPrompt = false) {
      const { reconnect: { initialDelayMs = 250, maxDelayMs = 10_000 } = {} } = options;
      const { random = Math.random } = options;
      const wasAway = isPageAway();
      const pausedAt = performance.now();
      // A finite factor, because an `initialDelayMs` of 0 times `Infinity` would be NaN.
      const grownMs =
        isPrompt && !isPageHidden() ? 0 : initialDelayMs * 2 ** Math.min(failures, 50);
      const boundMs = Math.min(grownMs, maxDelayMs * (isPageHidden() ? hiddenFactor : 1));
      // A random time on top of what the server asks for, or all its clients would return at once.
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
