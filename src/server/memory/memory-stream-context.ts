import { formatCursor } from '../../protocol/cursor';
import { boundReason } from '../log/cancel-reason';
import { checkedContext } from '../log/checked-context';
import { earlyCancelMs, keepEarlyCancel, takeEarlyCancel } from '../log/early-cancels';
import { drawEpoch } from '../log/epochs';
import { createLogReader } from '../log/log-reader';
import { createLogWindow } from '../log/log-window';
import { ownedKey } from '../log/owned-key';
import { mayKnow, type TaskAsker } from '../log/task-guard';
import type { CancelOptions, TaskStreamContext } from '../log/task-stream-context';
import { checkDurations } from '../time/check-durations';
import { appendChunk, createMemoryLog } from './memory-log';
import { claimOutcome } from './memory-outcome';
import { liveLog, scheduleSweep } from './memory-retention';
import { type MemoryLog, type MemoryState, memoryStateOf } from './memory-state';
import { warnWhereMemoryIsNotShared } from './warn-where-memory-is-not-shared';

export interface MemoryStreamContextOptions {
  /** How long a settled task can be replayed, in milliseconds. Default 3,600,000 (1 h). */
  retentionMs?: number;
  /**
   * Estimated bytes of all settled logs together; beyond it the oldest go first. Running tasks
   * do not count. Default 268,435,456 (256 MiB).
   */
  maxTotalBytes?: number;
  /** Contexts of one scope share their tasks within the process. Default `default`. */
  scope?: string;
}

/** Asks a running task to stop. The first reason stays. */
function requestCancel(log: MemoryLog, reason: string | undefined): void {
  log.cancel ??= { reason };
  for (const listener of log.cancelListeners) listener();
}

/** Keeps a cancel for a task that is not open yet. */
function keepCancelFor(state: MemoryState, taskId: string, options: CancelOptions): void {
  const { owner, definition, reason } = options;
  const now = Date.now();
  keepEarlyCancel(state.earlyCancels, ownedKey(owner, definition, taskId), { reason, now });
  scheduleSweep(state, now + earlyCancelMs);
}

/** The cancel that came before its task, if one did: for its definition, or for any. */
function takeCancelFor(state: MemoryState, taskId: string, { owner, definition }: TaskAsker) {
  const now = Date.now();
  const keys = [ownedKey(owner, undefined, taskId), ownedKey(owner, definition, taskId)];
  return keys
    .flatMap((key) => takeEarlyCancel(state.earlyCancels, key) ?? [])
    .find(({ expiresAt }) => expiresAt > now);
}

function runningTasks(state: MemoryState, chatId: string, owner: string | undefined): MemoryLog[] {
  const taskIds = state.chats.get(ownedKey(owner, chatId)) ?? [];
  return taskIds.flatMap((taskId) => liveLog(state, taskId) ?? []);
}

/**
 * Keeps streams in this process: the embedded default. All contexts of one scope share their
 * tasks, also across module instances. Other processes see nothing of them, and they end with
 * the process; it warns once where instances come and go.
 */
export function createMemoryStreamContext({
  scope = 'default',
  ...options
}: MemoryStreamContextOptions = {}): TaskStreamContext {
  const context = createMemoryContext(memoryStateOf(scope), options);
  return {
    ...context,
    open(taskId, open) {
      warnWhereMemoryIsNotShared();
      return context.open(taskId, open);
    },
  };
}

/** A context over a state that is given, whoever else uses it. */
export function createMemoryContext(
  state: MemoryState,
  {
    retentionMs = 3_600_000,
    maxTotalBytes = 256 * 1024 * 1024,
  }: Omit<MemoryStreamContextOptions, 'scope'> = {},
): TaskStreamContext {
  checkDurations({ retentionMs: { value: retentionMs, least: 0, most: Number.POSITIVE_INFINITY } });
  return checkedContext({
    async open(taskId, options) {
      const { owner, name, definition, chatId, concurrent = false, token, frames } = options;
      const { savesOutcome = false, continued } = options;
      const known = liveLog(state, taskId);
      if (known) {
        return known.token === token ? createMemoryLog(state, known, maxTotalBytes) : undefined;
      }

      const early = takeCancelFor(state, taskId, { owner, definition });
      const log: MemoryLog = {
        taskId,
        token,
        owner,
        chatId,
        name,
        definition,
        createdAt: Date.now(),
        retentionMs,
        window: createLogWindow({ taskId, epoch: drawEpoch() }),
        bytes: 2 * ((owner ?? '').length + (chatId ?? '').length),
        status: 'running',
        cancel: early && { reason: early.reason },
        settledAt: undefined,
        isUnsaved: savesOutcome,
        continued: savesOutcome ? continued : undefined,
        isHeld: true,
        predecessors: [],
        isReleased: false,
        releaseWaiters: new Set(),
        cancelListeners: new Set(),
      };
      for (const data of frames) appendChunk(log, data);
      state.logs.set(taskId, log);

      if (chatId !== undefined) {
        const predecessors = runningTasks(state, chatId, owner);
        const key = ownedKey(owner, chatId);
        state.chats.set(key, [...(state.chats.get(key) ?? []), taskId]);
        if (!concurrent) {
          log.predecessors = predecessors;
          for (const other of predecessors) requestCancel(other, 'superseded');
        }
      }
      return createMemoryLog(state, log, maxTotalBytes);
    },

    async read(taskId, options = {}) {
      const log = liveLog(state, taskId);
      return log && mayKnow(log, options)
        ? createLogReader({ window: log.window, from: options })
        : undefined;
    },

    async cancel(taskId, { reason, ...asker } = {}) {
      const log = liveLog(state, taskId);
      if (!log) {
        keepCancelFor(state, taskId, { ...asker, reason: boundReason(reason) });
        return true;
      }
      if (!mayKnow(log, asker) || log.settledAt !== undefined) return false;
      requestCancel(log, boundReason(reason));
      return true;
    },

    async inspect(taskId) {
      const log = liveLog(state, taskId);
      if (!log) return undefined;
      const { status, owner, chatId, name, definition, createdAt } = log;
      const cursor = formatCursor(log.window.epoch, log.window.next - 1);
      const isUnsaved = log.isUnsaved && log.settledAt !== undefined;
      return {
        ...{ taskId, status, owner, chatId, name, definition, cursor, createdAt },
        ...(isUnsaved && { isUnsaved }),
      };
    },

    async claimOutcome(taskId, { owner } = {}) {
      const log = liveLog(state, taskId);
      return log && log.owner === owner ? claimOutcome(log) : undefined;
    },

    async activeTask(chatId, { owner } = {}) {
      return runningTasks(state, chatId, owner).at(-1)?.taskId;
    },

    // Nothing of it belongs to one context alone; what has settled goes after its retention.
    async close() {},
  });
}
