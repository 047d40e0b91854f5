import type { TaskLog } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createDeferred } from '../time/deferred';
import { maxTellMs } from './tell-host';

/** The turns of a chat that its newest task has superseded. */
export interface TurnsBefore {
  /** Their tasks, as far as they are known; those that are saved may be among them. */
  readonly taskIds: readonly string[];
  /**
   * Resolves once they are saved, or cannot be any more: after the grace period and the time that the
   * host has to save, at most. Earlier if the signal aborts. Never rejects.
   */
  saved(signal?: AbortSignal): Promise<void>;
}

export function turnsBefore(
  log: Pick<TaskLog, 'predecessors' | 'predecessorsSaved'>,
  { graceMs = 5_000, report }: { graceMs: number | undefined; report: (error: unknown) => unknown },
): TurnsBefore {
  return {
    taskIds: log.predecessors ?? [],
    async saved(signal) {
      // They were told to stop when this turn began.
      const saved = log.predecessorsSaved?.().catch(report);
      if (!saved || signal?.aborted) return;
      const { promise: aborted, resolve } = createDeferred();
      const abort = () => resolve();
      signal?.addEventListener('abort', abort, { once: true });
      await atMost(graceMs + maxTellMs, Promise.race([saved, aborted]));
      signal?.removeEventListener('abort', abort);
    },
  };
}
