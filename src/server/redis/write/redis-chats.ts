import type { CancelOptions } from '../../log/task-stream-context';
import { pause } from '../../time/pause';
import type { RedisLink } from '../client/redis-link';
import chatScript from '../scripts/chat.lua';
import type { RedisKeys } from '../scripts/redis-keys';
import { isOver, type StoredLog } from '../scripts/stored-log';

/** A chat, and whose it is. */
export interface Chat {
  readonly owner: string | undefined;
  readonly chatId: string;
}

/** A task's place in its chat. */
interface Entry {
  /** Whether the task had no place in the chat before. */
  readonly isNew: boolean;
  readonly predecessors: string[];
  readonly unsaved: string[];
}

/** Knows which tasks run for a chat, on whichever instance. */
export interface RedisChats {
  /**
   * Makes a task its chat's active one. Resolves with the tasks that came before it, the oldest first,
   * and with those of them, or superseded before, that may not be saved yet (`unsaved`).
   *
   * @param keptMs How long the task may take to begin, in milliseconds. Default 0.
   */
  enter(chat: Chat, taskId: string, keptMs?: number): Promise<Entry>;
  /** Brings a task back to its place in its chat, in case the storage has lost the chat, too. */
  reenter(chat: Chat, taskId: string, createdAt: number): Promise<void>;
  /** Takes a task out of its chat, whose other tasks stay as they are. */
  leave(chat: Chat, taskId: string): Promise<void>;
  /** Takes a task out of its chat again that could not be opened, unless it is running. Never rejects. */
  leaveUnlessRunning(chat: Chat, taskId: string): Promise<void>;
  /** The newest task of a chat that is running, or that is still being saved. */
  active(chat: Chat): Promise<string | undefined>;
  /**
   * Asks older tasks to stop, again and again until that is stored, which resolves the promise. They are
   * never active again. Never rejects.
   */
  supersede(chat: Chat, taskIds: readonly string[]): Promise<void>;
  /** The tasks that one of the chat's tasks, or an earlier one, has superseded. */
  supersededBefore(chat: Chat, taskId: string): Promise<string[]>;
  close(): void;
}

/** How many tasks of a chat are remembered. */
const maxTasks = 100;

/** How long after the beginning of its last task a chat is forgotten, in milliseconds. */
const chatTtlMs = 7 * 24 * 60 * 60 * 1000;

/** How long after its end a task that nobody has released stays in its chat, in milliseconds. */
const maxReleaseMs = 60_000;

/** How long older tasks are asked to stop while the storage is away, in milliseconds. */
const maxSupersedeMs = 60_000;

/** The pause between two attempts to ask a task to stop, in milliseconds. */
const retryMs = 500;

export function createRedisChats({
  link,
  keys,
  look: lookAtTask,
  cancel,
}: {
  link: RedisLink;
  keys: RedisKeys;
  /** Looks at a task's record. */
  look: (taskId: string) => Promise<StoredLog | undefined>;
  cancel: (taskId: string, options: CancelOptions) => Promise<unknown>;
}): RedisChats {
  let isClosed = false;

  /** The chat's newest tasks in the order of their coming. If a task is named, it is added before. */
  const look = async (
    { owner, chatId }: Chat,
    {
      taskId = '',
      place = '',
      keptMs = 0,
    }: { taskId?: string; place?: number | ''; keptMs?: number } = {},
  ) => {
    const key = await keys.chat(owner, chatId);
    const args = [taskId, chatTtlMs + keptMs, place, maxTasks];
    const reply = await link.run(chatScript, [key], args);
    const [added, flat] = reply as [number, unknown[]];
    const tasks: { taskId: string; ageMs: number }[] = [];
    const superseded: string[] = [];
    for (let index = 0; index + 1 < flat.length; index += 2) {
      const [found, ageMs] = [String(flat[index]), Number(flat[index + 1])];
      if (ageMs < 0) superseded.push(found);
      else tasks.push({ taskId: found, ageMs });
    }
    return { isNew: added === 1, tasks, superseded };
  };

  const leave = async ({ owner, chatId }: Chat, taskId: string) => {
    const key = await keys.chat(owner, chatId);
    await link.command(['ZREM', key, taskId], key);
  };

  /** What the record of a task says, if the task is of this chat. */
  const recordOf = async ({ owner, chatId }: Chat, taskId: string) => {
    const log = await lookAtTask(taskId);
    if (!log || log.record.owner !== owner || log.record.chatId !== chatId) return undefined;
    const { settledAt = 0, isUnsaved, isReleased = false } = log.record;
    const settledForMs = log.now - settledAt;
    // A settled task stays its chat's until it is saved, or could have been saved.
    const isKept = isUnsaved || (!isReleased && settledForMs < maxReleaseMs);
    return { isOpen: !isOver(log.record), isKept };
  };

  const supersedeOne = async (chat: Chat, taskId: string) => {
    const giveUpAt = performance.now() + maxSupersedeMs;
    while (!isClosed && performance.now() < giveUpAt) {
      try {
        await cancel(taskId, { owner: chat.owner, reason: 'superseded' });
        // The task may have no process to settle it, so it must not count as running in the chat. It
        // keeps a place at 0: without one, a repeated `enter` would make it the newest task.
        const key = await keys.chat(chat.owner, chat.chatId);
        await link.command(['ZADD', key, 'XX', '0', taskId], key);
        return;
      } catch {
        // The storage is away, which the link has reported.
        await pause(retryMs);
      }
    }
  };

  return {
    async enter(chat, taskId, keptMs = 0) {
      const { isNew, tasks, superseded } = await look(chat, { taskId, keptMs });
      const taskIds = tasks.map((task) => task.taskId);
      const predecessors = taskIds.slice(0, Math.max(0, taskIds.indexOf(taskId)));
      // None of the others has seen a task that is new here, so none waits for it in return.
      const unsaved = isNew ? [...superseded, ...predecessors] : predecessors;
      return { isNew, predecessors, unsaved };
    },

    async reenter(chat, taskId, createdAt) {
      await look(chat, { taskId, place: createdAt * 1_000 });
    },

    leave,

    async leaveUnlessRunning(chat, taskId) {
      try {
        const record = await recordOf(chat, taskId);
        if (!record?.isOpen) await leave(chat, taskId);
      } catch {
        // The storage is away. The chat forgets the task by itself after some time.
      }
    },

    async active(chat) {
      const { tasks } = await look(chat);
      for (const { taskId, ageMs } of tasks.reverse()) {
        const record = await recordOf(chat, taskId);
        if (record?.isOpen || record?.isKept) return taskId;
        // A task without a record that has just entered may be about to open.
        if (record || ageMs > maxReleaseMs) await leave(chat, taskId);
      }
      return undefined;
    },

    async supersede(chat, taskIds) {
      await Promise.all(taskIds.map((taskId) => supersedeOne(chat, taskId)));
    },

    async supersededBefore(chat, taskId) {
      const { superseded } = await look(chat);
      // One that was superseded itself may be waited for by any of the others.
      return superseded.includes(taskId) ? [] : superseded;
    },

    close() {
      isClosed = true;
    },
  };
}
