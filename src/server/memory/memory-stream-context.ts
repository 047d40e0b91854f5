import { checkedContext } from '../log/checked-context';
import { drainableContext } from '../log/drainable-context';
import { earlyCancelMs, keepEarlyCancel, takeEarlyCancel } from '../log/early-cancels';
import { createFrameLog } from '../log/frame-log';
import { knownOf } from '../log/known-task';
import { dueIn, lastKept } from '../log/open-tasks';
import { ownedKey } from '../log/owned-key';
import { cancelledError, createStopReason } from '../log/stop-reason';
import { mayKnow, type TaskAsker } from '../log/task-guard';
import type { CancelOptions, TaskStreamContext } from '../log/task-stream-context';
import { checkDurations } from '../time/check-durations';
import { createDeferred } from '../time/deferred';
import {
  attemptsRecord,
  beginWaiting,
  createMemoryAttempts,
  drainWaiting,
  endWaitingInTime,
} from './memory-attempts';
import { bytesOf } from './memory-bytes';
import { createMemoryLog } from './memory-log';
import { lookAgain, makeDue, takeDueTasks } from './memory-open-tasks';
import { claimOutcome } from './memory-outcome';
import { liveLog, scheduleSweep } from './memory-retention';
import { type MemoryLog, type MemoryState, memoryStateOf } from './memory-state';
import { takeMemoryLog } from './memory-take';
import { warnWhereMemoryIsNotShared } from './warn-where-memory-is-not-shared';

export interface MemoryStreamContextOptions {
  /** How long a settled task can be replayed, in milliseconds. Default 3,600,000 (1 h). */
  retentionMs?: number;
  /**
   * How many bytes all settled logs together may take, by an estimate. Beyond it the oldest are
   * dropped. Running tasks do not count. Default 268,435,456 (256 MiB).
   */
  maxTotalBytes?: number;
  /** Contexts of one scope share their tasks within the process. Default `default`. */
  scope?: string;
}

/** Asks a task to stop, unless it is over. One that waits is over then. */
function requestCancel(state: MemoryState, log: MemoryLog, reason: string | undefined): void {
  if (log.settledAt !== undefined) return;
  log.stop.abort(createStopReason(cancelledError(reason)));
  if (log.attempts) endWaitingInTime(state, log, log.attempts);
}

/** Keeps a cancel for a task that is not open yet. */
function keepCancelFor(state: MemoryState, taskId: string, options: CancelOptions): void {
  const { owner, definition, reason } = options;
  const now = Date.now();
  keepEarlyCancel(state.earlyCancels, ownedKey(owner, definition, taskId), { reason, now });
  scheduleSweep(state, now + earlyCancelMs);
}

/** The cancel that came before its task, if one did: one for its definition, or for any. */
function takeCancelFor(state: MemoryState, taskId: string, { owner, definition }: TaskAsker) {
  const now = Date.now();
  const keys = [ownedKey(owner, undefined, taskId), ownedKey(owner, definition, taskId)];
  return keys
    .flatMap((key) => takeEarlyCancel(state.earlyCancels, key) ?? [])
    .find(({ expiresAt }) => expiresAt > now);
}

/** The log of a task, unless it has expired. A task that has waited for too long is over. */
function knownLog(state: MemoryState, taskId: string): MemoryLog | undefined {
  const log = liveLog(state, taskId);
  if (log?.attempts?.waiting) endWaitingInTime(state, log, log.attempts);
  return log;
}

/** The tasks of a chat that are not released, the newest last. */
function tasksOf(state: MemoryState, chatId: string, owner: string | undefined): MemoryLog[] {
  const chat = state.chats.get(ownedKey(owner, chatId)) ?? [];
  return [...chat].filter(({ taskId }) => knownLog(state, taskId));
}

/**
 * Keeps tasks in this process; the default of all functions that take a `streamContext`. All
 * contexts of one scope share their tasks, also across instances of this module. Other processes do
 * not see these tasks, which end with the process. Warns once on hosts whose instances come and go.
 */
export function createMemoryStreamContext({
  scope = 'default',
  ...options
}: MemoryStreamContextOptions = {}): TaskStreamContext {
  const state = memoryStateOf(scope);
  const memory = createMemoryContext(state, options);
  const context = drainableContext(checkedContext(memory), state.control);
  return {
    ...context,
    open(taskId, open) {
      warnWhereMemoryIsNotShared();
      return context.open(taskId, open);
    },
    drain(how) {
      const drained = state.control.drain(how);
      drainWaiting(state);
      return drained;
    },
  };
}

/** A context over a given state, which other contexts may use, too. */
export function createMemoryContext(
  state: MemoryState,
  {
    retentionMs = 3_600_000,
    maxTotalBytes = 256 * 1024 * 1024,
  }: Omit<MemoryStreamContextOptions, 'scope'> = {},
): TaskStreamContext {
  checkDurations({ retentionMs: { value: retentionMs, least: 0, most: Number.POSITIVE_INFINITY } });
  return {
    async open(taskId, options) {
      const { owner, name, definition, chatId, concurrent = false, token, frames } = options;
      const { savesOutcome = false, continued, work, start, waits, leaseMs } = options;
      const known = knownLog(state, taskId);
      if (known) return known.openedBy === token ? createMemoryLog(state, known, token) : undefined;

      const log: MemoryLog = {
        ...{ taskId, token, owner, chatId, name, definition, retentionMs, maxTotalBytes },
        openedBy: token,
        createdAt: Date.now(),
        frames: createFrameLog({
          taskId,
          frames,
          isWaiting: () => log.attempts?.waiting !== undefined,
        }),
        bytes: 2 * ((owner ?? '').length + (chatId ?? '').length) + bytesOf(frames),
        status: 'running',
        stop: new AbortController(),
        attempt: work && (waits ? 0 : 1),
        attempts: undefined,
        settledAt: undefined,
        isUnsaved: savesOutcome,
        continued: savesOutcome ? continued : undefined,
        isHeld: true,
        predecessors: [],
        released: createDeferred(),
      };
      state.logs.set(taskId, log);
      if (work || savesOutcome) state.openTasks.set(log, log.createdAt + leaseMs);
      if (work && start) {
        const last = { epoch: log.frames.epoch, n: lastKept(options) };
        log.attempts = createMemoryAttempts({ work, start, waits: waits !== undefined }, last);
        if (waits) {
          const { delayMs } = waits;
          beginWaiting(state, log, log.attempts, delayMs);
          makeDue(state, log, log.createdAt + dueIn({ work, delayMs, leaseMs }));
        }
      }
      const early = takeCancelFor(state, taskId, { owner, definition });
      if (early) requestCancel(state, log, early.reason);

      if (chatId !== undefined) {
        const predecessors = tasksOf(state, chatId, owner);
        const key = ownedKey(owner, chatId);
        state.chats.set(key, (state.chats.get(key) ?? new Set()).add(log));
        if (!concurrent) {
          log.predecessors = predecessors;
          for (const other of predecessors) requestCancel(state, other, 'superseded');
        }
      }
      return createMemoryLog(state, log, token);
    },

    async take(taskId, options) {
      const log = knownLog(state, taskId);
      return log && takeMemoryLog(state, log, options);
    },

    async read(taskId, options = {}) {
      const log = knownLog(state, taskId);
      return log && mayKnow(log, options) ? log.frames.read(options) : undefined;
    },

    async cancel(taskId, { reason, ...asker } = {}) {
      const log = knownLog(state, taskId);
      if (!log) {
        keepCancelFor(state, taskId, { ...asker, reason });
        return true;
      }
      if (!mayKnow(log, asker) || log.settledAt !== undefined) return false;
      requestCancel(state, log, reason);
      return true;
    },

    async inspect(taskId) {
      const log = knownLog(state, taskId);
      if (!log) return undefined;
      const { status, frames } = log;
      const isUnsaved = log.isUnsaved && log.settledAt !== undefined;
      return {
        ...{ taskId, ...knownOf(log), status, cursor: frames.cursor },
        ...(isUnsaved && { isUnsaved }),
        ...attemptsRecord(log),
      };
    },

    async claimOutcome(taskId, { owner } = {}) {
      const log = knownLog(state, taskId);
      return log && log.owner === owner ? claimOutcome(state, log) : undefined;
    },

    async activeTask(chatId, { owner } = {}) {
      return tasksOf(state, chatId, owner).at(-1)?.taskId;
    },

    retentionMs,

    dueTasks: async (options) => takeDueTasks(state, options),

    async lookAgain(task, inMs) {
      lookAgain(state, task, inMs);
    },

    // The state is shared with other contexts; settled logs go when their retention is over.
    async close() {},
  };
}
