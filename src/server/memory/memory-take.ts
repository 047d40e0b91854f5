import type { TakenTask, TakeTaskOptions } from '../log/task-attempts';
import { mayTake } from '../log/task-guard';
import { beginAttempt, endWaitingInTime } from './memory-attempts';
import { createMemoryLog } from './memory-log';
import { makeDue } from './memory-open-tasks';
import type { MemoryLog, MemoryState } from './memory-state';

/** Makes the caller the runner of a task that waits. */
export function takeMemoryLog(
  state: MemoryState,
  log: MemoryLog,
  options: TakeTaskOptions,
): TakenTask | undefined {
  const { attempts } = log;
  if (!attempts || !mayTake(log, attempts.work, options)) return undefined;
  const { token } = options;
  if (log.token !== token) {
    endWaitingInTime(state, log, attempts);
    if (!attempts.waiting || Date.now() < attempts.waiting.notBefore) return undefined;
    beginAttempt(log, attempts, token);
    makeDue(state, log, Date.now() + options.leaseMs);
  }
  const { owner, name, chatId, createdAt, isUnsaved, continued } = log;
  const { work, start, last, deadlineAt } = attempts;
  return {
    log: createMemoryLog(state, log, token),
    ...{ work, start, last, createdAt, savesOutcome: isUnsaved },
    ...(owner !== undefined && { owner }),
    ...(name !== undefined && { name }),
    ...(chatId !== undefined && { chatId }),
    ...(continued !== undefined && { continued }),
    ...(deadlineAt < Number.POSITIVE_INFINITY && { deadlineLeftMs: deadlineAt - Date.now() }),
  };
}
