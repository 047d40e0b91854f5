import { longestTimeoutMs } from '../../time/later';
import { inNextTurn } from '../../time/next-turn';
import { createRateWindow } from '../../time/rate-window';

type Commit = () => Promise<void> | void;

/** Decides when tasks commit: at once, as long as there are not too many commits in all. */
export interface CommitScheduler {
  /** Runs a commit in a moment, and only once if it is scheduled again before. It never rejects. */
  schedule(commit: Commit): void;
  /** Runs a commit at once if that is possible, and else in a moment. */
  hurry(commit: Commit): void;
  close(): void;
}

/**
 * Creates the one scheduler for all tasks of a process. A commit waits for the end of the event
 * loop's turn, so that frames which were written in one turn go together. If `intervalMs` is not 0,
 * commits of all tasks are gathered and run in that interval. All tasks together make at most
 * `maxPerSecond` commits, of which at most `maxConcurrent` are under way; other commits wait, first
 * come, first served. So with very many busy tasks each commits less often, nothing piles up on the
 * way to Redis, and answers come in time.
 */
export function createCommitScheduler({
  intervalMs,
  maxPerSecond = 5_000,
  maxConcurrent = 512,
}: {
  intervalMs: number;
  maxPerSecond?: number;
  maxConcurrent?: number;
}): CommitScheduler {
  const waiting = new Set<Commit>();
  const rate = createRateWindow(maxPerSecond);
  // When commits were run last, by `performance.now()`.
  let flushedAt = Number.NEGATIVE_INFINITY;
  // Whether commits had to wait for the rate the last time.
  let isBacklogged = false;
  let underWay = 0;
  let isArmed = false;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether one more commit may run now. */
  const hasRoom = (now: number) => rate.hasRoom(now, isBacklogged) && underWay < maxConcurrent;

  const flush = () => {
    isArmed = false;
    if (isClosed) return;
    const now = performance.now();
    flushedAt = now;
    for (const commit of waiting) {
      if (!hasRoom(now)) break;
      waiting.delete(commit);
      void run(commit);
    }
    isBacklogged = waiting.size > 0;
    if (isBacklogged && underWay < maxConcurrent) arm(rate.restMs(now));
  };

  const run = async (commit: Commit) => {
    rate.count();
    underWay++;
    await commit();
    underWay--;
    if (waiting.size > 0) arm(flushedAt + intervalMs - performance.now());
  };

  const arm = (delayMs: number) => {
    if (isArmed || isClosed) return;
    isArmed = true;
    if (delayMs > 0) timer = setTimeout(flush, Math.min(delayMs, longestTimeoutMs));
    else inNextTurn(flush);
  };

  const schedule = (commit: Commit) => {
    if (isClosed || waiting.has(commit)) return;
    waiting.add(commit);
    arm(flushedAt + intervalMs - performance.now());
  };

  return {
    schedule,
    hurry(commit) {
      const isFree = intervalMs === 0 && waiting.size === 0 && !isClosed;
      if (isFree && hasRoom(performance.now())) void run(commit);
      else schedule(commit);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      waiting.clear();
    },
  };
}
