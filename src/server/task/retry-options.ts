/** How often a task of a definition is attempted again, and after which errors. */
export interface TaskRetry {
  /** How many attempts are made in a row without a checkpoint between them. Default 3. */
  attempts?: number;
  /** How many attempts are made in all, so that a task which never gets further ends. Default 100. */
  maxTotal?: number;
  /**
   * How long to wait after an attempt that has failed, in milliseconds; a function gets which one,
   * counted from 1. Default: 1 s, doubled with each attempt up to 30 s, with a random part.
   */
  backoffMs?: number | ((attempt: number) => number);
  /**
   * Whether an attempt that has thrown this error is worth another one, besides those that have thrown
   * a `TaskError` which is `retryable`. Default: no other.
   */
  when?: (error: unknown) => boolean;
}

const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;

/** A time that is at least half of what it may be at most, so that many tasks do not go on at once. */
function defaultBackoffMs(attempt: number): number {
  const mostMs = Math.min(firstBackoffMs * 2 ** (attempt - 1), longestBackoffMs);
  return mostMs * (0.5 + Math.random() / 2);
}

/** How long to wait after an attempt, counted from 1, that has failed. */
export function backoffOf({
  backoffMs = defaultBackoffMs,
}: TaskRetry): (attempt: number) => number {
  return (attempt) => {
    const ms = typeof backoffMs === 'function' ? backoffMs(attempt) : backoffMs;
    return Number.isFinite(ms) ? Math.max(0, ms) : defaultBackoffMs(attempt);
  };
}
