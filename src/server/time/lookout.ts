import { later } from './later';

/** Decides when to look: one look at a time, and one more if it was asked for meanwhile. */
export interface Lookout {
  /** Looks now. */
  now(): void;
  /** Looks once `dueMs` returns 0 or less; it is asked again each time that it was to. */
  when(dueMs: () => number): void;
  /** Looks in `ms` milliseconds. */
  in(ms: number): void;
  /** To be called when a look got its answer; returns whether the look before it got none. */
  answered(): boolean;
  stop(): void;
}

/** The longest pause between two looks that get no answer, in milliseconds. */
const maxRetryMs = 1_000;

/** Timers may fire this much early, and clocks differ by as much, in milliseconds. */
const slackMs = 15;

export function createLookout({
  look,
  hasEnded,
}: {
  /** Looks. When it rejects, it got no answer, which was reported already: it is called again. */
  look: () => Promise<void>;
  /** Whether there is nothing more to look at. */
  hasEnded: () => boolean;
}): Lookout {
  let isLooking = false;
  // Whether another look was asked for, because the one under way may have missed something.
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
