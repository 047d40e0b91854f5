import { TaskError, type TaskStatus } from 'ai-task-stream';
import {
  checkedContext,
  createFrameLog,
  type FrameLog,
  type OpenTaskOptions,
  type TaskLog,
  type TaskStreamContext,
} from 'ai-task-stream/server';

/** A task and its log. */
interface StoredTask extends Omit<OpenTaskOptions, 'frames'> {
  readonly taskId: string;
  readonly createdAt: number;
  readonly frames: FrameLog;
  readonly stop: AbortController;
  /** The tasks of the same chat that this one has superseded. */
  readonly before: readonly StoredTask[];
  status: TaskStatus;
  expiresAt: number;
  /** Whether somebody is telling the host the outcome, or will once there is one. */
  isHeld: boolean;
  isReleased: boolean;
  /** Called once the task is released. */
  readonly waiters: (() => void)[];
}

/** What the instances of one server share. */
export class MapStorage {
  readonly tasks = new Map<string, StoredTask>();
  /** Cancels for tasks that are not open yet, by owner, definition and taskId. */
  readonly cancels = new Map<string, { reason?: string; expiresAt: number }>();
}

/** An example to read: does what `createMemoryStreamContext` does, but bounds nothing. */
export function createMapStreamContext(storage: MapStorage): TaskStreamContext {
  const { tasks, cancels } = storage;
  const find = (taskId: string, asker?: { owner?: string; definition?: string }) => {
    const task = tasks.get(taskId);
    if (task && task.expiresAt <= Date.now()) tasks.delete(taskId);
    const { owner, definition = task?.definition } = asker ?? task ?? {};
    return task?.owner === owner && task?.definition === definition ? tasks.get(taskId) : undefined;
  };
  const inChat = (chatId: string, owner?: string) =>
    [...tasks.keys()].flatMap((taskId) => {
      const task = find(taskId);
      const isOfChat = task?.chatId === chatId && task.owner === owner && !task.isReleased;
      return isOfChat ? [task] : [];
    });
  return checkedContext({
    async open(taskId, { frames, ...options }) {
      const known = find(taskId);
      if (known) return known.token === options.token ? logOf(known) : undefined;
      // Nothing is awaited from here on, so that no other call comes in between.
      const { owner, definition, chatId, concurrent } = options;
      const before = chatId === undefined || concurrent ? [] : inChat(chatId, owner);
      const task: StoredTask = {
        ...{ ...options, taskId, before, createdAt: Date.now(), status: 'running', waiters: [] },
        ...{ frames: createFrameLog({ taskId, frames }), stop: new AbortController() },
        ...{ expiresAt: Number.POSITIVE_INFINITY, isHeld: true, isReleased: false },
      };
      tasks.set(taskId, task);
      for (const name of [undefined, definition]) {
        const key = JSON.stringify([owner, name, taskId]);
        const early = cancels.get(key);
        if (early && early.expiresAt > Date.now()) stop(task, early.reason);
        cancels.delete(key);
      }
      for (const other of before) stop(other, 'superseded');
      return logOf(task);
    },
    async read(taskId, options = {}) {
      return find(taskId, options)?.frames.read(options);
    },
    async cancel(taskId, { reason, ...asker } = {}) {
      if (find(taskId)) return stop(find(taskId, asker), reason);
      const key = JSON.stringify([asker.owner, asker.definition, taskId]);
      const first = cancels.get(key) ?? { reason };
      cancels.set(key, { reason: first.reason, expiresAt: Date.now() + 60_000 });
      return true;
    },
    async inspect(taskId) {
      const task = find(taskId);
      if (!task) return undefined;
      const { status, owner, chatId, name, definition, createdAt } = task;
      const { cursor } = task.frames;
      const isUnsaved = (status !== 'running' && task.savesOutcome) || undefined;
      return { taskId, status, owner, chatId, name, definition, cursor, createdAt, isUnsaved };
    },
    async activeTask(chatId, { owner } = {}) {
      return inChat(chatId, owner).at(-1)?.taskId;
    },
    async claimOutcome(taskId, { owner } = {}) {
      const task = find(taskId, { owner });
      if (!task?.savesOutcome) return undefined;
      if (task.status === 'running') return { kind: 'running' };
      if (task.isHeld) return { kind: 'held', waitMs: 250 };
      task.isHeld = true;
      const release = async ({ isSaved }: { isSaved: boolean }) => letGo(task, isSaved);
      return { kind: 'claimed', claim: { continued: task.continued, release } };
    },
    async close() {},
  });
}

/** Asks a task to stop, unless it is over. The first reason stays, because a signal aborts once. */
function stop(task: StoredTask | undefined, reason = 'The task was cancelled.'): boolean {
  if (task?.status !== 'running') return false;
  const cause = new TaskError({ code: 'cancelled', message: reason, retryable: true });
  const error = new DOMException(reason, 'AbortError');
  task.stop.abort(Object.defineProperty(error, 'cause', { value: cause }));
  return true;
}

/** Called when nobody tells the host any more: the host has the outcome, or others may claim it. */
function letGo(task: StoredTask, isSaved: boolean): void {
  task.isHeld = false;
  if (isSaved) task.savesOutcome = false;
}

/** The log as its producer gets it. Whatever is appended is stored at once. */
function logOf(task: StoredTask): TaskLog {
  return {
    signal: task.stop.signal,
    append(data) {
      if (task.status === 'running') task.frames.append(data);
    },
    async settle(frames, status) {
      if (task.status !== 'running') return false;
      for (const data of frames) task.frames.append(data);
      Object.assign(task, { status, expiresAt: Date.now() + 3_600_000 });
      task.frames.end();
      return true;
    },
    async release({ isSaved = false } = {}) {
      letGo(task, isSaved);
      task.isReleased = true;
      for (const waiter of task.waiters.splice(0)) waiter();
    },
    async predecessorsSaved() {
      for (const { isReleased, waiters } of task.before) {
        if (!isReleased) await new Promise<void>((resolve) => waiters.push(resolve));
      }
    },
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
