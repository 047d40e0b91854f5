import type { UIMessage } from 'ai';
import { isAnotherLog } from '../protocol/another-log';
import { type Attempts, addCheckpoint, beginAttempt } from '../protocol/checkpoints';
import { isTaskPart } from '../protocol/task-parts';
import { reduceUIMessageChunk } from '../protocol/ui-message';
import type { ReceivedChunk } from './follow-task';

/** A message, with what it was at the checkpoints of its task. */
export interface RewindableMessage
  extends Attempts<{ readonly index: number; readonly message: UIMessage }> {
  readonly message: UIMessage;
}

/**
 * Takes a chunk of a task's stream into the message, as `reduceUIMessageChunk` does, and takes the
 * message back to a checkpoint when the next attempt begins. Pure; returns the same object when the
 * chunk changes nothing.
 */
export function reduceRewindableMessage(
  before: RewindableMessage,
  chunk: ReceivedChunk,
  /** The task whose attempts count; tasks within it have none of their own. */
  taskId: string | undefined,
): RewindableMessage {
  if (isTaskPart(chunk) && chunk.data.taskId === taskId) {
    if (chunk.type === 'data-task-checkpoint') return mark(before, chunk.data.index);
    if (chunk.type === 'data-task-rewind') {
      const start = beginAttempt(before, chunk.data);
      // A message whose reader came later than the checkpoint stays as it is.
      return start ? { message: (start.from ?? before).message, ...start.attempts } : before;
    }
  }
  const message = reduceUIMessageChunk(before.message, chunk);
  if (message === before.message) return before;
  if (isAnotherLog(chunk)) return { message };
  const next = { ...before, message };
  if (chunk.type !== 'start') return next;
  // A message that goes on has two starts: its history lies between them, and is no work.
  const isWork = next.checkpoints?.some(({ index }) => index >= 0);
  return isWork ? next : mark({ ...next, checkpoints: undefined }, -1);
}

function mark(before: RewindableMessage, index: number): RewindableMessage {
  const { message } = before;
  const checkpoints = addCheckpoint(before, index, () => ({ index, message }));
  return checkpoints ? { ...before, checkpoints } : before;
}
