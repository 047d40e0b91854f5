import { askToStop } from './ask-to-stop';
import { checkChatId, checkNames } from './log/check-names';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import { checkTaskId, unlessAway } from './log/task-errors';
import type { TaskStreamContext } from './log/task-stream-context';
import { createMemoryStreamContext } from './memory/memory-stream-context';
import { toTaskStreamContext } from './to-task-stream-context';

export interface CancelTaskOptions {
  /** The task to stop. */
  taskId?: string;
  /** The chat whose active task to stop; ignored when `taskId` is given. */
  chatId?: string;
  /** Where the log lives. Default: the memory of this process. */
  streamContext?: TaskStreamContext | ResumableStreamContext;
  /** Must be the owner that the task was started with. */
  owner?: string;
  /**
   * Told to readers, as the message of the settlement's error. Cut to 1,000 characters, because
   * the reason may be a stranger's.
   */
  reason?: string;
}

/**
 * Asks a task to stop, on whichever instance it runs. For a `taskId` that is not open yet the request
 * is kept for 60 s. Resolves with `false` when the task is over already or somebody else's, or when
 * the chat has no active task.
 *
 * @throws TaskError `invalid-task-id`; `invalid-options` or `invalid-body` for an owner or a chat that
 * is no well-formed string; `context-unavailable` while the storage is away.
 */
export async function cancelTask({
  taskId,
  chatId,
  streamContext: givenContext = createMemoryStreamContext(),
  owner,
  reason,
}: CancelTaskOptions): Promise<boolean> {
  const streamContext = toTaskStreamContext(givenContext);
  checkNames({ owner });
  checkChatId(chatId);
  const isByChat = taskId === undefined && chatId !== undefined;
  const target = isByChat
    ? await unlessAway(streamContext.activeTask(chatId, { owner }))
    : checkTaskId(taskId);
  if (target === undefined) return false;
  return askToStop(streamContext, target, { owner, reason });
}
