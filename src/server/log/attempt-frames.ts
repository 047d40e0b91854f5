import type { UIMessageChunk } from 'ai';
import type { TaskData } from '../../protocol/task-parts';
import { endOfTask } from './closing-chunks';
import { lostError } from './stop-reason';
import type { AttemptStart } from './task-attempts';

/**
 * The chunks with which an attempt begins, as JSON, unless it is the first one of a task that its own
 * process has opened: the rewind, the task's snapshot, and the ends of the tasks within it that were
 * running at the checkpoint, because nobody runs them any more.
 *
 * @param now Epoch milliseconds.
 */
export function attemptFrames(
  { index, logs, partials, snapshot, nested }: AttemptStart,
  { attempt, now }: { attempt: number; now: number },
): string[] {
  const { taskId } = snapshot;
  const data: TaskData = {
    ...snapshot,
    status: 'running',
    ...(attempt > 1 && { attempt }),
    updatedAt: Math.max(now, snapshot.updatedAt),
  };
  const chunks: UIMessageChunk[] = [
    {
      type: 'data-task-rewind',
      data: { taskId, attempt, checkpoint: index, logs, partials },
      transient: true,
    },
    { type: 'data-task', id: taskId, data },
    // Those within others end first.
    ...[...nested].reverse().flatMap((inner) => {
      const settledAt = Math.max(now, inner.updatedAt);
      return endOfTask(inner, { outcome: 'failed', error: lostError(), settledAt });
    }),
  ];
  return chunks.map((chunk) => JSON.stringify(chunk));
}
