import type { TaskLog } from '../../log/task-stream-context';

/** The log of a task that waits for its first runner, for whoever has opened it: it takes nothing. */
export function createWaitingLog(): TaskLog {
  return {
    attempt: 0,
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
