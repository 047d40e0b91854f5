import { growTask } from '../protocol/grow-task';
import { once } from '../protocol/once';
import { stillTask } from '../protocol/still-task';
import type { TaskErrorData } from '../protocol/task-error';
import { initialTaskState, type TaskState } from '../protocol/task-state';
import type { TaskConnection } from './task-stream-types';

/** What this page knows of a chat's task by the chunks that it received, transient ones included. */
export interface ChatTask {
  /** The task's state; tasks that ran within it are its `children`. */
  readonly task: TaskState;
  readonly connection: TaskConnection;
  readonly isStalled: boolean;
  /** Why the page stopped following the task. */
  readonly failure?: TaskErrorData | undefined;
  /** Asks the server to stop the task, at the address that its chat uses. */
  readonly cancel: (reason?: string) => Promise<boolean>;
}

/** More tasks than a page shows at once. Beyond it, the task without news for longest is dropped. */
const maxTasks = 100;

// Kept by the module and not by the transport, because pages make a new transport at every render.
// The task whose news is oldest comes first.
const chatTasks = new Map<string, ChatTask>();
const listeners = new Map<string, Set<() => void>>();

/** What is known of a task: its own entry, or that of the task which it ran within. */
export function getChatTask(taskId: string): ChatTask | undefined {
  const own = chatTasks.get(taskId);
  if (own) return once(own, still);
  for (const entry of chatTasks.values()) {
    if (Object.hasOwn(entry.task.children, taskId)) return once(entry, still);
  }
  return undefined;
}

/** A copy of an entry to show to pages, with lists that do not grow. */
function still(entry: ChatTask): ChatTask {
  return { ...entry, task: stillTask(entry.task, {}) };
}

/** Calls the listener after each change of what is known of a task. Returns the way to stop. */
export function subscribeToChatTask(taskId: string, listener: () => void): () => void {
  const own = listeners.get(taskId) ?? new Set();
  listeners.set(taskId, own.add(listener));
  return () => {
    own.delete(listener);
    if (own.size === 0 && listeners.get(taskId) === own) listeners.delete(taskId);
  };
}

/** What is new of a task: chunks that came, and the state of its connection. */
export interface ChatTaskNews extends Partial<Omit<ChatTask, 'task' | 'cancel'>> {
  chunks?: readonly { type: string }[] | undefined;
}

/** Begins to keep what comes of a task, or goes on with it, when a stream of it is connected. */
export function openChatTask(taskId: string, cancel: ChatTask['cancel']): void {
  const task = chatTasks.get(taskId)?.task ?? { ...initialTaskState, taskId };
  put({ task, connection: 'connected', isStalled: false, cancel });
  const [oldest] = chatTasks.keys();
  if (chatTasks.size <= maxTasks || oldest === undefined) return;
  chatTasks.delete(oldest);
  notify([oldest]);
}

/**
 * Takes in what is new of a task, unless it was dropped.
 *
 * @param by The `cancel` that the stream with the news was opened with. News of a stream is ignored
 * once a newer stream of the task was opened. Default: the news is of the task, from any stream.
 */
export function updateChatTask(
  taskId: string,
  { chunks = [], ...fields }: ChatTaskNews,
  by?: ChatTask['cancel'],
): void {
  const before = chatTasks.get(taskId);
  if (!before || (by && by !== before.cancel)) return;
  const task = chunks.reduce((last, chunk) => growTask(last, chunk), before.task);
  const next = { ...before, ...fields, task };
  const names = Object.keys(next) as (keyof ChatTask)[];
  if (names.some((name) => next[name] !== before[name])) put(next);
}

function put(entry: ChatTask): void {
  const { taskId = '', children } = entry.task;
  chatTasks.delete(taskId);
  chatTasks.set(taskId, entry);
  notify([taskId, ...Object.keys(children)]);
}

function notify(taskIds: readonly string[]): void {
  for (const taskId of taskIds) for (const listener of listeners.get(taskId) ?? []) listener();
}
