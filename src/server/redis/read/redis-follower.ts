import type { LogWindow } from '../../log/log-window';
import { mayKnow } from '../../log/task-guard';
import { createWindowTrimmer } from '../../log/window-trimmer';
import { later } from '../../time/later';
import type { RedisLink } from '../client/redis-link';
import type { RedisKeys } from '../scripts/redis-keys';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { createLostCloser } from './lost-closer';
import type { RecentTask } from './recent-tasks';
import { takeOver } from './take-over';
import { parseWakeUp } from './wake-up';

/** Keeps a window up to date with the log of a producer elsewhere, for all readers of a process. */
export interface RedisFollower {
  /** Whether the producer counts as alive. */
  readonly isAlive: boolean;
  /** Whether there is no log any more, and none has come for long. */
  readonly isGone: boolean;
  close(): void;
}

export interface RedisFollowerOptions {
  link: RedisLink;
  keys: RedisKeys;
  stored: StoredTask;
  window: LogWindow;
  /** What was known of the task when this began. */
  task: RecentTask;
  /** Called at a sign of life that is no look at the log. */
  onSign: (task: RecentTask) => void;
  /** How long the log of a lost task is kept, in milliseconds. */
  retentionMs: number;
}

/** Between two looks at a storage that is away, at most, in milliseconds. */
const maxRetryMs = 1_000;

/** Timers may fire this much early, and clocks differ by as much, in milliseconds. */
const slackMs = 15;

/**
 * Subscribes, then looks: so nothing falls in between. Wake-ups that join what is at hand bring
 * their frames; any other, and a silent heartbeat, only make it look. A lease that has lapsed
 * makes the task suspect, and one more silent heartbeat lets it be closed.
 */
export function createRedisFollower({
  link,
  keys,
  stored,
  window,
  task,
  onSign,
  retentionMs,
}: RedisFollowerOptions): RedisFollower {
  const { taskId } = window;
  const closer = createLostCloser({ stored, taskId, retentionMs });
  let trimmer = createWindowTrimmer(window);
  let { leaseMs } = task;
  let heartbeatMs = leaseMs / 2;
  // By `performance.now()`: the last sign of the producer, and when its lease ends for sure.
  let signAt = performance.now();
  let leaseEndsAt = signAt + leaseMs;
  let isSuspect = false;
  let goneAt: number | undefined;
  let isGone = false;
  let isClosed = false;
  let isLooking = false;
  // Whether something came that the look under way may have missed.
  let isDirty = false;
  let failures = 0;
  let isListening = false;
  // By `performance.now()`: when the storage was last found to be back.
  let backAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const hasEnded = () => isClosed || isGone || window.isEnded;

  const schedule = (callback: () => void, ms: number) => {
    clearTimeout(timer);
    if (hasEnded()) return;
    timer = later(callback, ms + slackMs);
  };

  /** Looks once a heartbeat has passed without a sign, or the lease has run out. */
  const watch = () => {
    const dueMs = Math.min(signAt + heartbeatMs, leaseEndsAt) - performance.now();
    if (dueMs > 0) schedule(watch, dueMs);
    else look();
  };

  const giveSign = () => {
    signAt = performance.now();
    leaseEndsAt = signAt + leaseMs;
    isSuspect = false;
    onSign(task);
  };

  const stop = () => {
    clearTimeout(timer);
    leave();
  };

  const accept = (log: StoredLog) => {
    if (takeOver(window, log)) signAt = performance.now();
    trimmer.trim(window.next);
    window.wake();
    if (window.isEnded) stop();
  };

  const endAsGone = () => {
    isGone = true;
    window.wake();
    stop();
  };

  const notFound = () => {
    // A producer that lives begins the log anew.
    goneAt ??= performance.now();
    if (performance.now() - goneAt >= leaseMs + heartbeatMs) endAsGone();
  };

  /**
   * Goes over to the log that has taken the place of this one, unless that is not for those who
   * read here: then there is nothing more for them.
   */
  const changeLog = (record: StoredRecord): boolean => {
    if (!mayKnow(record, task) || record.definition !== task.definition) {
      endAsGone();
      return false;
    }
    ({ leaseMs } = record);
    heartbeatMs = leaseMs / 2;
    window.changeLog(record.firstEpoch);
    trimmer = createWindowTrimmer(window);
    return true;
  };

  const bringUpToDate = async (): Promise<StoredLog | undefined> => {
    for (;;) {
      isDirty = false;
      const log = await stored.fetchLog({ epoch: window.epoch, n: window.next });
      if (failures > 0) backAt = performance.now();
      failures = 0;
      if (hasEnded()) return undefined;
      // A storage that went back to an older state has lost this log, too.
      if (!log || log.record.epoch < window.epoch) {
        notFound();
        return undefined;
      }
      const { firstEpoch } = log.record;
      if (firstEpoch !== window.firstEpoch && !changeLog(log.record)) return undefined;
      goneAt = undefined;
      accept(log);
      if (hasEnded()) return undefined;
      if (!log.hasMore && !isDirty) return log;
    }
  };

  /** Brings the window up to date. Looks that are asked for meanwhile are one with this. */
  const look = async () => {
    isDirty = true;
    if (isLooking || hasEnded()) return;
    isLooking = true;
    clearTimeout(timer);
    try {
      while (isDirty && !hasEnded()) await judge(await bringUpToDate());
    } catch {
      // The link has reported it.
      failures++;
      schedule(look, Math.min(50 * 2 ** Math.min(failures, 10), maxRetryMs));
    } finally {
      isLooking = false;
    }
  };

  /** Draws the conclusions about the producer. */
  const judge = async (log: StoredLog | undefined) => {
    if (hasEnded()) return;
    if (!log) return schedule(look, heartbeatMs / 2);
    if (log.leaseLeftMs > 0) {
      const now = performance.now();
      leaseEndsAt = now + log.leaseLeftMs;
      isSuspect = false;
      if (now - signAt < heartbeatMs) return watch();
      return schedule(look, Math.min(heartbeatMs, log.leaseLeftMs));
    }
    isSuspect = true;
    schedule(look, await closer.close(log, { heartbeatMs, backAt }));
  };

  const leave = link.listen(keys.wakeUps(taskId), {
    onListening() {
      if (isListening) backAt = performance.now();
      isListening = true;
      look();
    },
    onMessage(message) {
      if (hasEnded()) return;
      const wakeUp = parseWakeUp(message);
      if (!wakeUp) return;
      const { epoch, first, last, outcome, frames } = wakeUp;
      if (epoch < window.epoch) return;
      // The end may come from whoever closed the task in the producer's place.
      if (outcome === undefined) giveSign();
      if (epoch === window.epoch) {
        if (frames && first <= window.next && last >= window.next) {
          window.add(epoch, first, frames);
          trimmer.trim(window.next);
          window.wake();
        }
        if (last < window.next && outcome === undefined) return;
        if (last === window.next - 1 && outcome !== undefined) {
          window.end();
          window.wake();
          stop();
          return;
        }
      }
      look();
    },
  });
  watch();

  return {
    get isAlive() {
      return !isSuspect && performance.now() < leaseEndsAt;
    },
    get isGone() {
      return isGone;
    },
    close() {
      isClosed = true;
      stop();
    },
  };
}
