import { later } from './later';

/** Decides when to look: one look at a time, and what is asked for meanwhile is one more. */
export interface Lookout {
  now(): void;
  /** In so many milliseconds, which are asked for again when they have passed. */
  when(dueMs: () => number): void;
  /** In so many milliseconds. */
  in(ms: number): void;
  /** A look got its answer. Whether the one before it had got none. */
  answered(): boolean;
  stop(): void;
}

/** Between two looks that get no answer, at most, in milliseconds. */
const maxRetryMs = 1_000;

/** Timers may fire this much early, and clocks differ by as much, in milliseconds. */
const slackMs = 15;

export function createLookout({
  look,
  hasEnded,
}: {
  /** Rejects when it got no answer, which whoever asks has reported: then it is made again. */
  look: () => Promise<void>;
  /** Whether there is nothing more to look at. */
  hasEnded: () => boolean;
}): Lookout {
  let isLooking = false;
  // Whether something came that the look under way may have missed.
  let isDirty = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const now = async () => {
    isDirty = true;
    if (isLooking || hasEnded()) return;
    isLooking = true;
    clearTimeout(timer);
    try {
      while (isDirty && !hasEnded()) {
        isDirty = false;
        await look();
      }
    } catch {
      failures++;
      inMs(Math.min(50 * 2 ** Math.min(failures, 10), maxRetryMs));
    } finally {
      isLooking = false;
    }
  };

  const when = (dueMs: () => number) => {
    clearTimeout(timer);
    if (hasEnded()) return;
    timer = later(() => (dueMs() > 0 ? when(dueMs) : now()), dueMs() + slackMs);
  };

  const inMs = (ms: number) => {
    const dueAt = performance.now() + ms;
    when(() => dueAt - performance.now());
  };

  return {
    now,
    when,
    in: inMs,
    answered() {
      const hadFailed = failures > 0;
      failures = 0;
      return hadFailed;
    },
    stop: () => clearTimeout(timer),
  };
}
