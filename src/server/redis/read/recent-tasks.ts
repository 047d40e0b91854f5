import type { KnownTask } from '../../log/known-task';
import { ownedKey } from '../../log/owned-key';
import type { StoredRecord } from '../scripts/stored-log';

/** What is remembered of a task. */
export type RecentTask = KnownTask & Pick<StoredRecord, 'leaseMs'>;

/**
 * The tasks that this process has seen running within the last lease and heartbeat interval. So long
 * a producer may take to begin a log anew that the storage has lost. Until then such a task counts as
 * away, and not as unknown.
 */
export interface RecentTasks {
  /** Takes note that a task is running. With `isHere` it counts as seen until it is noted without. */
  note(taskId: string, task: RecentTask, options?: { isHere: boolean }): void;
  /** Takes note of what a look at the task has found. */
  look(taskId: string, record: StoredRecord): void;
  /** To be called when a task has ended, and will not come back. */
  forget(taskId: string): void;
  get(taskId: string): RecentTask | undefined;
  /** The newest recent task of a chat. */
  inChat(chat: { owner: string | undefined; chatId: string }): string | undefined;
}

/** How many tasks are remembered. Beyond it, the task that was not seen for longest is forgotten. */
const maxCount = 10_000;

export function createRecentTasks(): RecentTasks {
  // The tasks in the order in which they were seen last, and until when each counts, by
  // `performance.now()`.
  const seen = new Map<string, { readonly task: RecentTask; readonly until: number }>();
  const chats = new Map<string, string>();

  const chatKey = ({ owner, chatId }: Pick<RecentTask, 'owner' | 'chatId'>) =>
    chatId === undefined ? undefined : ownedKey(owner, chatId);

  const forget = (taskId: string) => {
    const known = seen.get(taskId);
    if (!known) return;
    seen.delete(taskId);
    const key = chatKey(known.task);
    if (key !== undefined && chats.get(key) === taskId) chats.delete(key);
  };

  const get = (taskId: string) => {
    const known = seen.get(taskId);
    if (!known) return undefined;
    if (known.until > performance.now()) return known.task;
    forget(taskId);
    return undefined;
  };

  const note: RecentTasks['note'] = (taskId, task, options) => {
    const known = seen.get(taskId);
    const { isHere } = options ?? { isHere: known?.until === Number.POSITIVE_INFINITY };
    const heartbeatMs = task.leaseMs / 2;
    const until = isHere
      ? Number.POSITIVE_INFINITY
      : performance.now() + task.leaseMs + heartbeatMs;
    const isNew = !seen.delete(taskId);
    seen.set(taskId, { task, until });
    if (!isNew) return;
    const key = chatKey(task);
    if (key !== undefined) chats.set(key, taskId);
    const [oldest] = seen.keys();
    if (oldest !== undefined && seen.size > maxCount) forget(oldest);
  };

  return {
    note,
    look(taskId, record) {
      if (record.status === 'running') note(taskId, record);
      else forget(taskId);
    },
    forget,
    get,
    inChat(chat) {
      const taskId = chats.get(ownedKey(chat.owner, chat.chatId));
      return taskId !== undefined && get(taskId) ? taskId : undefined;
    },
  };
}
