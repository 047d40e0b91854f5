import type { LogWindow } from '../../log/log-window';
import { takeOver } from '../../log/take-over';
import { mayKnow } from '../../log/task-guard';
import { createWindowTrimmer } from '../../log/window-trimmer';
import { createLookout } from '../../time/lookout';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { closeLostTask } from './close-lost-task';
import { createProducerSigns } from './producer-signs';
import type { RecentTask } from './recent-tasks';
import { parseWakeUp, takeWakeUp } from './wake-up';

/** Keeps a window up to date with the log of a producer elsewhere, for all readers of a process. */
export interface RedisFollower {
  /** Whether the producer counts as alive. */
  readonly isAlive: boolean;
  /** Whether there is no log any more, and none has come for long. */
  readonly isGone: boolean;
  close(): void;
}

export interface RedisFollowerOptions {
  stored: StoredTask;
  window: LogWindow;
  /** What was known of the task when this began. */
  task: RecentTask;
  /** Called at a sign of life that is no look at the log. */
  onSign: (task: RecentTask) => void;
}

/**
 * Subscribes, then looks: so nothing falls in between. Wake-ups that join what is at hand bring
 * their frames; any other, and a silent heartbeat, only make it look. A lease that has lapsed
 * makes the task suspect, and one more silent heartbeat lets it be closed.
 */
export function createRedisFollower({
  stored,
  window,
  task,
  onSign,
}: RedisFollowerOptions): RedisFollower {
  const signs = createProducerSigns(task.leaseMs);
  let trimmer = createWindowTrimmer(window);
  let goneAt: number | undefined;
  let isGone = false;
  let isClosed = false;
  let isListening = false;
  // By `performance.now()`: when the storage was last found to be back.
  let backAt = Number.NEGATIVE_INFINITY;

  const hasEnded = () => isClosed || isGone || window.isEnded;

  const stop = () => {
    lookout.stop();
    leave();
  };

  /** Lets readers have what has come, or know that nothing will. */
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
   * Goes over to the log that has taken the place of this one, unless that is not for those who
   * read here: then there is nothing more for them.
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

  /** Brings the window up to date. `undefined`: there is no log, or nothing more to do. */
  const bringUpToDate = async (): Promise<StoredLog | undefined> => {
    for (;;) {
      const log = await stored.fetchLog({ epoch: window.epoch, n: window.next });
      if (lookout.answered()) backAt = performance.now();
      if (hasEnded()) return undefined;
      // A storage that went back to an older state has lost this log, too.
      if (!log || log.record.epoch < window.epoch) {
        // A producer that lives begins the log anew.
        goneAt ??= performance.now();
        if (performance.now() - goneAt >= signs.returnMs) endAsGone();
        return undefined;
      }
      const { firstEpoch } = log.record;
      if (firstEpoch !== window.firstEpoch && !changeLog(log.record)) return undefined;
      goneAt = undefined;
      if (takeOver(window, log, log.record.status !== 'running')) signs.moved();
      wakeReaders();
      if (hasEnded() || !log.hasMore) return log;
    }
  };

  /** Brings the window up to date, and draws the conclusions about the producer. */
  const look = async () => {
    const log = await bringUpToDate();
    if (hasEnded()) return;
    if (!log) return lookout.in(signs.heartbeatMs / 2);
    signs.leased(log.leaseLeftMs);
    if (log.leaseLeftMs === 0) {
      lookout.in(await closeLostTask(stored, log, backAt));
    } else if (signs.dueMs() > 0) lookout.when(signs.dueMs);
    else lookout.in(Math.min(signs.heartbeatMs, log.leaseLeftMs));
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
      // The end may come from whoever closed the task in the producer's place.
      if (wakeUp.outcome === undefined) {
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
      return signs.isAlive;
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
