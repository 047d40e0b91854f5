import type { TaskStreamContext } from '../../log/task-stream-context';
import { deliverOutcome } from '../../task/deliver-outcome';
import type { TaskSettleEvent } from '../../task/task-options';
import { pause } from '../../time/pause';

/** How a task of a chat stands. */
export type SavedState =
  /** It is over, and the host has its outcome; or nobody knows of it any more. */
  | 'saved'
  /** It is not over. */
  | 'open'
  /** It is over, and the host could not save it, or has not within the time. */
  | 'unsaved';

export interface SavedBeforeOptions {
  context: TaskStreamContext;
  taskId: string;
  owner: string | undefined;
  onSettle: (event: TaskSettleEvent<unknown>) => Promise<void> | void;
  onError: (error: unknown) => void;
  /** How long to wait, in milliseconds. */
  maxMs: number;
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Which tasks are waited for that are not over: those whose process is lost, or all. Default: none. */
  waitsForOpen?: boolean | 'lost';
}

/** The first and the longest pause between two looks at a task, in milliseconds. */
const firstLookMs = 25;
const longestLookMs = 500;

/**
 * Waits until the host has the outcome of a task that is over, and tells it if nobody else does.
 *
 * @throws TaskError `context-unavailable`.
 */
export async function savedBefore({
  context,
  taskId,
  owner,
  onSettle,
  onError,
  maxMs,
  signal,
  waitsForOpen = false,
}: SavedBeforeOptions): Promise<SavedState> {
  const giveUpAt = performance.now() + maxMs;
  for (let lookMs = firstLookMs; ; lookMs = Math.min(2 * lookMs, longestLookMs)) {
    const record = await context.inspect(taskId);
    if (!record || record.owner !== owner) return 'saved';
    const isOpen = record.status === 'running' || record.status === 'pending';
    const waits = waitsForOpen === 'lost' ? record.isLost === true : waitsForOpen;
    if (isOpen && !waits) return 'open';
    if (!isOpen && !record.isUnsaved) return 'saved';
    if (!isOpen) {
      const how = { context, taskId, owner, onSettle, onError, isPatient: false };
      const isSaved = await deliverOutcome(how);
      if (isSaved !== undefined) return isSaved ? 'saved' : 'unsaved';
    }
    if (signal?.aborted || performance.now() > giveUpAt) return isOpen ? 'open' : 'unsaved';
    await pause(lookMs);
  }
}
