import type { LogWindow } from '../../log/log-window';
import { takeOver } from '../../log/take-over';
import { mayKnow } from '../../log/task-guard';
import { createWindowTrimmer } from '../../log/window-trimmer';
import { createLookout } from '../../time/lookout';
import { isOver, type StoredLog, type StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { closeLostTask } from './close-lost-task';
import { watchWaiting } from './end-waiting';
import { createProducerSigns } from './producer-signs';
import type { RecentTask } from './recent-tasks';
import { parseWakeUp, takeWakeUp } from './wake-up';

/** Keeps a window up to date with the log of a producer elsewhere, for all readers of a process. */
export interface RedisFollower {
  /** Whether the producer counts as alive, or the task waits. */
  readonly isAlive: boolean;
  /** Whether the task waits for a runner. */
  readonly isWaiting: boolean;
  /** Whether it waits because its runner was lost. */
  readonly isAfterLoss: boolean;
  /** Whether the log has been gone for longer than a producer takes to begin it anew. */
  readonly isGone: boolean;
  close(): void;
}

export interface RedisFollowerOptions {
  stored: StoredTask;
  window: LogWindow;
  /** What was known of the task when following began. */
  task: RecentTask;
  /** Whether the task waits, as far as is known when following begins. */
  isWaiting: boolean;
  /** Called at a wake-up, which is a sign of life that no look at the log has brought. */
  onSign: (task: RecentTask) => void;
}

/**
 * Follows a log. It subscribes first and looks at the log then, so that nothing is missed in between.
 * Frames of a wake-up that join the window are taken from it; after any other wake-up, and after a
 * silent heartbeat interval, the log is looked at. When the lease has lapsed, the task is marked as
 * suspect, and after one more silent heartbeat interval it is closed.
 */
export function createRedisFollower({
  stored,
  window,
  task,
  isWaiting: waitsAtFirst,
  onSign,
}: RedisFollowerOptions): RedisFollower {
  const signs = createProducerSigns(task.leaseMs);
  let trimmer = createWindowTrimmer(window);
  let goneAt: number | undefined;
  let isGone = false;
  let isWaiting = waitsAtFirst;
  let isAfterLoss = false;
  let isClosed = false;
  let isListening = false;
  // When the storage was last found to be back, by `performance.now()`.
  let backAt = Number.NEGATIVE_INFINITY;

  const hasEnded = () => isClosed || isGone || window.isEnded;

  const stop = () => {
    lookout.stop();
    leave();
  };

  /** Wakes readers, because something has come or nothing will come any more. */
  const wakeReaders = () => {
    trimmer.trim(window.next);
    window.wake();
    if (hasEnded()) stop();
  };

  const endAsGone = () => {
    isGone = true;
    wakeReaders();
  };

  /**
   * Goes on with the log that has taken the place of this one. If the readers here may not read that
   * log, there is nothing more for them.
   */
  const changeLog = (record: StoredRecord): boolean => {
    if (!mayKnow(record, task) || record.definition !== task.definition) {
      endAsGone();
      return false;
    }
    signs.change(record.leaseMs);
    window.changeLog(record.firstEpoch);
    trimmer = createWindowTrimmer(window);
    return true;
  };

  /** Brings the window up to date; `undefined` when there is no log, or nothing more to follow. */
  const bringUpToDate = async (): Promise<StoredLog | undefined> => {
    for (;;) {
      const log = await stored.fetchLog({ epoch: window.epoch, n: window.next });
      if (lookout.answered()) backAt = performance.now();
      if (hasEnded()) return undefined;
      // A storage that has gone back to an older state has lost this log, too.
      if (!log || log.record.epoch < window.epoch) {
        // A producer that lives begins the log anew. A task that waits is lost with its log.
        isWaiting = false;
        goneAt ??= performance.now();
        if (performance.now() - goneAt >= signs.returnMs) endAsGone();
        return undefined;
      }
      const { firstEpoch } = log.record;
      if (firstEpoch !== window.firstEpoch && !changeLog(log.record)) return undefined;
      goneAt = undefined;
      const wasWaiting = isWaiting;
      isWaiting = log.record.status === 'pending';
      // A runner that hands its task over has a lease until then.
      if (isWaiting && !wasWaiting) isAfterLoss = !signs.isAlive;
      takeOver(window, log, isOver(log.record));
      wakeReaders();
      if (hasEnded() || !log.hasMore) return log;
    }
  };

  /** Brings the window up to date, and then decides when to look again, or closes a lost task. */
  const look = async () => {
    const log = await bringUpToDate();
    if (hasEnded()) return;
    if (!log) return lookout.in(signs.heartbeatMs / 2);
    signs.change(log.record.leaseMs);
    signs.looked(log.leaseLeftMs);
    if (isWaiting) lookout.in(await watchWaiting(stored, log));
    else if (log.leaseLeftMs > 0) lookout.when(signs.dueMs);
    else lookout.in(await closeLostTask(stored, log, backAt));
  };

  const lookout = createLookout({ look, hasEnded });

  const leave = stored.listen({
    onListening() {
      if (isListening) backAt = performance.now();
      isListening = true;
      lookout.now();
    },
    onMessage(message) {
      const wakeUp = hasEnded() ? undefined : parseWakeUp(message);
      if (!wakeUp || wakeUp.epoch < window.epoch) return;
      // The news of an outcome is no sign of the producer: others may have closed its task.
      if (wakeUp.status === undefined) {
        isWaiting = false;
        signs.renewed();
        onSign(task);
      }
      const { next } = window;
      const isUpToDate = takeWakeUp(window, wakeUp);
      if (window.next !== next || window.isEnded) wakeReaders();
      if (!isUpToDate) lookout.now();
    },
  });
  lookout.when(signs.dueMs);

  return {
    get isAlive() {
      return isWaiting || signs.isAlive;
    },
    get isWaiting() {
      return isWaiting;
    },
    get isAfterLoss() {
      return isAfterLoss;
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
