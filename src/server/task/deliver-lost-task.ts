import type { TaskStreamContext } from '../context/task-stream-context';
import { readFinishedMessage } from './finished-message';
import { followSettlement } from './follow-settlement';
import type { TaskSettleEvent } from './task-options';

/** What is being delivered in this process, by context. */
const underWay = new WeakMap<TaskStreamContext, Set<string>>();

/**
 * Waits for a task's end, and tells the host of it if the process that ran the task was lost and
 * so could not. At least once: a process that ends after `onSettle` and before that is stored
 * leaves it to the next one that resumes the task.
 */
export async function deliverLostTask({
  context,
  taskId,
  owner,
  onSettle,
  onError,
}: {
  context: TaskStreamContext;
  taskId: string;
  owner: string | undefined;
  onSettle: (event: TaskSettleEvent<unknown>) => Promise<void> | void;
  /** Gets why the message is left out, if it is. */
  onError: (error: unknown) => void;
}): Promise<void> {
  // Contexts whose producers cannot be lost need not say that a task was saved.
  if (!context.markSaved) return;
  const ours = underWay.get(context) ?? new Set();
  underWay.set(context, ours);
  if (ours.has(taskId)) return;
  ours.add(taskId);
  try {
    const before = await context.inspect(taskId);
    if (!before || before.owner !== owner) return;
    if (before.status === 'running') {
      const reader = await context.read(taskId, { owner, cursor: before.cursor });
      if (reader) await followSettlement(reader, taskId);
    }
    const record = await context.inspect(taskId);
    if (!record?.isUnsaved) return;
    const [settling, finished] = await Promise.all([
      context.read(taskId, { owner }),
      context.read(taskId, { owner }),
    ]);
    if (!settling || !finished) return;
    const settlement = await followSettlement(settling, taskId);
    const { name, chatId } = record;
    const reading =
      chatId === undefined
        ? undefined
        : readFinishedMessage({ reader: finished, taskId, continued: undefined });
    const message = await reading?.catch((error: unknown) => void onError(error));
    finished.close();
    await onSettle({ ...settlement, name, chatId, owner, ...(message && { message }) });
    await context.markSaved(taskId);
  } finally {
    ours.delete(taskId);
  }
}
