import type { TaskLog } from '../../log/task-stream-context';

/**
 * The log of a task that its opener does not run, because it waits for its first runner or is over by
 * now: it takes nothing.
 *
 * @param options.withdraw Takes the opening back, if no runner has taken the task.
 */
export function createIdleLog(
  attempt: number,
  { withdraw }: Pick<TaskLog, 'withdraw'> = {},
): TaskLog {
  return {
    attempt,
    signal: new AbortController().signal,
    append() {},
    checkpoint: async () => false,
    handOver: async () => 'closed',
    settle: async () => false,
    async release() {},
    ...(withdraw && { withdraw }),
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
