import type { UIMessage } from 'ai';
import { isAnotherLog } from '../protocol/another-log';
import { isTaskPart } from '../protocol/task-parts';
import { maxCheckpoints } from '../protocol/task-state';
import { reduceUIMessageChunk } from '../protocol/ui-message';
import type { ReceivedChunk } from './follow-task';

/** A message, with what it was at the checkpoints of its task. */
export interface RewindableMessage {
  readonly message: UIMessage;
  /** The message at the newest checkpoints, oldest first; -1 is the beginning of the work. */
  readonly marks: readonly { readonly index: number; readonly message: UIMessage }[];
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
  const { marks } = before;
  if (isTaskPart(chunk) && chunk.data.taskId === taskId) {
    if (chunk.type === 'data-task-checkpoint') return mark(before, chunk.data.index);
    if (chunk.type === 'data-task-rewind') {
      const { checkpoint } = chunk.data;
      const left = marks.filter(({ index }) => index <= checkpoint);
      const known = left.at(-1);
      // A message whose reader came later than the checkpoint stays as it is.
      const message = known?.index === checkpoint ? known.message : before.message;
      return { message, marks: left };
    }
  }
  const message = reduceUIMessageChunk(before.message, chunk);
  if (message === before.message) return before;
  if (isAnotherLog(chunk)) return { message, marks: [] };
  const next = { message, marks };
  // A message that goes on has two starts: its history lies between them, and is no work.
  const isBeginning = chunk.type === 'start' && !marks.some(({ index }) => index >= 0);
  return isBeginning ? mark(next, -1) : next;
}

function mark({ message, marks }: RewindableMessage, index: number): RewindableMessage {
  const earlier = marks.filter((former) => former.index < index);
  return { message, marks: [...earlier, { index, message }].slice(-maxCheckpoints) };
}
