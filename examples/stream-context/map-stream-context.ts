import { TaskError, type TaskStatus } from 'ai-task-stream';
import type {
  OpenTaskOptions,
  ReadTaskOptions,
  TaskLog,
  TaskReader,
  TaskStreamContext,
} from 'ai-task-stream/server';

/** A task and its log. */
interface StoredTask extends OpenTaskOptions {
  readonly epoch: number;
  readonly createdAt: number;
  readonly data: string[];
  readonly stop: AbortController;
  /** Called at the next change, and then forgotten. */
  readonly waiters: Set<() => void>;
  status: TaskStatus;
  expiresAt: number;
  /** Whether the host is being told of the outcome, or will be once there is one. */
  isHeld: boolean;
  isReleased: boolean;
}

/** What the instances of one server share. */
export class MapStorage {
  readonly tasks = new Map<string, StoredTask>();
  /** Cancels for tasks that are not open yet, by owner, definition and taskId. */
  readonly cancels = new Map<string, { reason?: string; expiresAt: number }>();
  newestEpoch = 0;
}

/** For reading: it does what `createMemoryStreamContext` does, but nothing in it is bounded. */
export function createMapStreamContext(storage: MapStorage): TaskStreamContext {
  const { tasks, cancels } = storage;
  const find = (taskId: string, asker?: { owner?: string; definition?: string }) => {
    const task = tasks.get(taskId);
    if (!task || task.expiresAt <= Date.now()) tasks.delete(taskId);
    else if (!asker) return task;
    const { owner, definition = task?.definition } = asker ?? {};
    return task?.owner === owner && task?.definition === definition ? tasks.get(taskId) : undefined;
  };
  const inChat = (chatId: string, owner?: string) =>
    [...tasks.keys()].filter((taskId) => {
      const task = find(taskId, { owner });
      return task?.chatId === chatId && !task.isReleased;
    });
  return {
    async open(taskId, options) {
      const known = find(taskId);
      if (known) return known.token === options.token ? logOf(known, []) : undefined;
      // Nothing is awaited from here on, so that nobody comes in between.
      const { owner, definition, chatId, concurrent } = options;
      const superseded = chatId === undefined || concurrent ? [] : inChat(chatId, owner);
      const before = superseded.flatMap((id) => tasks.get(id) ?? []);
      storage.newestEpoch = Math.max(Date.now() - Date.UTC(2025, 0), storage.newestEpoch + 1);
      const task: StoredTask = {
        ...options,
        ...{ epoch: storage.newestEpoch, createdAt: Date.now(), data: [...options.frames] },
        ...{ stop: new AbortController(), waiters: new Set(), status: 'running' },
        ...{ expiresAt: Number.POSITIVE_INFINITY, isHeld: true, isReleased: false },
      };
      tasks.set(taskId, task);
      for (const name of [undefined, definition]) {
        const key = JSON.stringify([owner, name, taskId]);
        const early = cancels.get(key);
        if (early && early.expiresAt > Date.now()) stop(task, early.reason);
        cancels.delete(key);
      }
      for (const other of before) if (other.status === 'running') stop(other, 'superseded');
      return logOf(task, before);
    },
    async read(taskId, options = {}) {
      const task = find(taskId, options);
      return task && readerOf(taskId, task, options);
    },
    async cancel(taskId, { reason, ...asker } = {}) {
      if (find(taskId)) {
        const task = find(taskId, asker);
        if (task?.status !== 'running') return false;
        stop(task, reason);
      } else {
        const key = JSON.stringify([asker.owner, asker.definition, taskId]);
        const first = cancels.get(key) ?? { reason };
        cancels.set(key, { reason: first.reason, expiresAt: Date.now() + 60_000 });
      }
      return true;
    },
    async inspect(taskId) {
      const task = find(taskId);
      if (!task) return undefined;
      const { status, owner, chatId, name, definition, createdAt } = task;
      const cursor = `${task.epoch}-${task.data.length - 1}`;
      const isUnsaved = (status !== 'running' && task.savesOutcome) || undefined;
      return { taskId, status, owner, chatId, name, definition, cursor, createdAt, isUnsaved };
    },
    async activeTask(chatId, { owner } = {}) {
      return inChat(chatId, owner).at(-1);
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
  };
}

/** Asks a task to stop. The first reason stays, because a signal aborts once. */
function stop({ stop }: StoredTask, reason = 'The task was cancelled.'): void {
  const cause = new TaskError({ code: 'cancelled', message: reason, retryable: true });
  stop.abort(
    Object.defineProperty(new DOMException(reason, 'AbortError'), 'cause', { value: cause }),
  );
}

function wake({ waiters }: StoredTask): void {
  const now = [...waiters];
  waiters.clear();
  for (const waiter of now) waiter();
}

/** Ends the telling of an outcome: the host has it, or somebody else may claim it. */
function letGo(task: StoredTask, isSaved: boolean): void {
  task.isHeld = false;
  if (isSaved) task.savesOutcome = false;
}

/** The producer's end. Whatever is appended is stored at once. */
function logOf(task: StoredTask, before: readonly StoredTask[]): TaskLog {
  return {
    signal: task.stop.signal,
    append(data) {
      if (task.status === 'running') task.data.push(data);
      wake(task);
    },
    async settle(frames, status) {
      if (task.status !== 'running') return false;
      task.data.push(...frames);
      Object.assign(task, { status, expiresAt: Date.now() + 3_600_000 });
      wake(task);
      return true;
    },
    async release({ isSaved = false } = {}) {
      letGo(task, isSaved);
      task.isReleased = true;
      wake(task);
    },
    async predecessorsSaved() {
      for (const other of before) {
        while (!other.isReleased) await new Promise<void>((resolve) => other.waiters.add(resolve));
      }
    },
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}

/** A position in the log's own array. */
function readerOf(taskId: string, task: StoredTask, options: ReadTaskOptions): TaskReader {
  const { epoch, data, waiters } = task;
  const { cursor = { epoch, n: (options.skip ?? 0) - 1 } } = options;
  const { epoch: ownEpoch, n } = cursor;
  let hasToBeTold = ownEpoch !== epoch;
  let next = hasToBeTold ? 0 : n + 1;
  let isReplay = true;
  let isClosed = false;
  let release = () => {};
  const hasMore = () => !isClosed && (hasToBeTold || next < data.length);
  const reader: TaskReader = {
    take() {
      if (!hasMore()) isReplay = false;
      if (!hasMore()) return undefined;
      if (hasToBeTold) {
        hasToBeTold = false;
        return {
          epoch: ownEpoch,
          data: [gapOf(taskId)],
          offset: n,
          start: n,
          end: n + 1,
          isReplay,
        };
      }
      const start = next;
      next = data.length;
      return { epoch, data, offset: 0, start, end: next, isReplay };
    },
    async next() {
      for (;;) {
        const value = reader.take();
        if (value) return { value, done: false };
        if (reader.isEnded) return { value: undefined, done: true };
        await new Promise<void>((resolve) => {
          release = resolve;
          waiters.add(resolve);
        });
      }
    },
    [Symbol.asyncIterator]: () => reader,
    get isEnded() {
      return isClosed || (task.status !== 'running' && !hasMore());
    },
    // The log and its producer live and die in one process.
    isAlive: true,
    close() {
      isClosed = true;
      waiters.delete(release);
      release();
    },
  };
  return reader;
}

/** What a reader is told whose cursor is of another log of the task. */
function gapOf(taskId: string): string {
  const details = { cause: 'another-log' };
  const data = { taskId, code: 'gap', message: 'It was begun anew.', retryable: false, details };
  return JSON.stringify({ type: 'data-task-error', id: taskId, data });
}
