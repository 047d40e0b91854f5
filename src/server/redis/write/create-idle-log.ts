import type { TaskLog } from '../../log/task-stream-context';

/**
 * The log of a task that its opener does not run, because it waits for its first runner or is over by
 * now: it takes nothing.
 */
export function createIdleLog(attempt: number): TaskLog {
  return {
    attempt,
    signal: new AbortController().signal,
    append() {},
    checkpoint: async () => false,
    handOver: async () => 'closed',
    settle: async () => false,
    async release() {},
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
