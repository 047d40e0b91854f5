import { formatCursor } from '../../protocol/cursor';
import { TaskError } from '../../protocol/task-error';
import { checkedContext } from '../log/checked-context';
import { createLogReader } from '../log/log-reader';
import type { ResumableStreamContext } from '../log/resumable-stream-context';
import { createUnavailableError, unlessAway } from '../log/task-errors';
import { mayKnow } from '../log/task-guard';
import type { TaskLog, TaskReader, TaskStreamContext } from '../log/task-stream-context';
import { liveLog } from '../memory/memory-retention';
import { createMemoryState, type MemoryLog } from '../memory/memory-state';
import { createMemoryContext } from '../memory/memory-stream-context';
import { answerWithin } from '../time/answer-within';
import { atMost } from '../time/at-most';
import { createStreamClaims, streamIdOf } from './stream-claims';
import type { TaskBroadcast } from './task-broadcast';
import { openTaskMirror, type TaskMirror } from './task-mirror';

/** How long an answer of the wrapped context may take, in milliseconds. */
const answerTimeoutMs = 5_000;

/**
 * How long the producer's process remembers a task that has settled, in milliseconds: for its own
 * response, should that be asked for late. After that the wrapped context knows that it is over.
 */
const settledMs = 60_000;

const contextsKey = Symbol.for('ai-task-stream.resumable-stream.v1');

/** @throws TaskError `invalid-options`. */
function checkIsContext(value: unknown): void {
  const { open, read, createNewResumableStream } = Object(value);
  if ([open && read, createNewResumableStream].some((member) => typeof member === 'function'))
    return;
  throw new TaskError({
    code: 'invalid-options',
    message:
      '`streamContext` is none. Pass what `createRedisStreamContext()`, `createMemoryStreamContext()` or `createResumableStreamContext()` gave you, or leave it out.',
  });
}

/**
 * The context that belongs to a `ResumableStreamContext`; one that is ours already passes as it is.
 *
 * @throws TaskError `invalid-options` when it is neither.
 */
export function toTaskStreamContext(
  context: TaskStreamContext | ResumableStreamContext,
): TaskStreamContext {
  checkIsContext(context);
  if (!('createNewResumableStream' in context)) return context;
  // On `globalThis`, because bundlers instantiate a module once per route.
  const holder = globalThis as {
    [contextsKey]?: WeakMap<ResumableStreamContext, TaskStreamContext>;
  };
  holder[contextsKey] ??= new WeakMap();
  const contexts = holder[contextsKey];
  let wrapped = contexts.get(context);
  if (!wrapped) {
    wrapped = checkedContext(wrap(context));
    contexts.set(context, wrapped);
  }
  return wrapped;
}

/** A reader of a task that is over. */
const endedReader: TaskReader = {
  take: () => undefined,
  next: async () => ({ value: undefined, done: true }),
  [Symbol.asyncIterator]: () => endedReader,
  isEnded: true,
  isAlive: false,
  close() {},
};

/**
 * A task's log lives in the memory of its producer's process, where readers, cancels and chats
 * are those of a memory context. For readers in other processes it is sent through a stream of
 * the wrapped context, too.
 */
function wrap(context: ResumableStreamContext): TaskStreamContext {
  const state = createMemoryState();
  const memory = createMemoryContext(state, { retentionMs: settledMs });
  const claims = createStreamClaims({ context, answerTimeoutMs });
  const broadcasts = new Map<string, TaskBroadcast>();
  const mirrors = new Map<string, Promise<TaskMirror | null | undefined>>();

  const send = (log: MemoryLog, broadcast: TaskBroadcast, leaseMs: number) => {
    const { taskId, window, owner, chatId, name, definition, createdAt } = log;
    const details = { owner, chatId, name, definition, createdAt, leaseMs };
    const header = { version: 1, epoch: window.epoch, ...details } as const;
    broadcasts.set(taskId, broadcast);
    broadcast.finished.then(() => broadcasts.delete(taskId));
    broadcast.start({ header, reader: createLogReader({ window }) });
  };

  /** A log whose settlement waits for readers elsewhere, though not for long. */
  const withBroadcast = (taskId: string, log: TaskLog, graceMs: number): TaskLog => ({
    ...log,
    async settle(frames, status) {
      const broadcast = broadcasts.get(taskId);
      if (liveLog(state, taskId)?.settledAt === undefined) broadcast?.close(frames.length);
      const isOurs = await log.settle(frames, status);
      await atMost(graceMs, broadcast?.finished);
      return isOurs;
    },
    flushed: () => atMost(graceMs, broadcasts.get(taskId)?.flushed()),
  });

  /** The log of another process. `null`: it is over. `undefined`: there is none. */
  const openMirror = async (taskId: string): Promise<TaskMirror | null | undefined> => {
    let opening = mirrors.get(taskId);
    if (!opening) {
      const forget = () => {
        if (mirrors.get(taskId) === opening) mirrors.delete(taskId);
      };
      opening = openTaskMirror({
        taskId,
        resume: () => context.resumeExistingStream(streamIdOf(taskId)),
        answerTimeoutMs,
        onOver: forget,
      });
      mirrors.set(taskId, opening);
      opening.then((mirror) => mirror ?? forget(), forget);
    }
    const mirror = await opening;
    if (!mirror?.isOver || mirror.window.isEnded) return mirror;
    if (mirror.failure) throw createUnavailableError(mirror.failure);
    // Others have left it in the meantime.
    return openMirror(taskId);
  };

  /**
   * What the wrapped context knows of a task. It is asked for tasks of others, too, so that they
   * take as long as those that do not exist.
   */
  const existingOf = (taskId: string) =>
    unlessAway(answerWithin(answerTimeoutMs, context.hasExistingStream(streamIdOf(taskId))));

  /** For whoever does not read it: it goes, if nobody else does. */
  const leave = (mirror: TaskMirror) => mirror.read().close();

  return {
    ...memory,

    async open(taskId, options) {
      const { leaseMs, graceMs = answerTimeoutMs } = options;
      if (!liveLog(state, taskId)) {
        const broadcast = await claims.claim(taskId);
        if (!broadcast) return undefined;
        if (!liveLog(state, taskId)) {
          claims.use(taskId);
          const log = await memory.open(taskId, options);
          const memoryLog = liveLog(state, taskId);
          if (memoryLog) send(memoryLog, broadcast, leaseMs);
          return log && withBroadcast(taskId, log, graceMs);
        }
      }
      const log = await memory.open(taskId, options);
      return log && withBroadcast(taskId, log, graceMs);
    },

    async read(taskId, options = {}) {
      const { token } = options;
      const log = liveLog(state, taskId);
      if (log) {
        if (!mayKnow(log, options)) {
          await existingOf(taskId);
          return undefined;
        }
        const isOver = log.settledAt !== undefined && log.token !== token;
        return isOver ? endedReader : createLogReader({ window: log.window, from: options });
      }
      const mirror = await openMirror(taskId);
      if (!mirror) return mirror === null ? endedReader : undefined;
      if (mayKnow(mirror.header, options)) {
        return mirror.window.isEnded ? endedReader : mirror.read(options);
      }
      leave(mirror);
      return undefined;
    },

    async cancel(taskId, options = {}) {
      const isOurs = () => {
        const log = liveLog(state, taskId);
        return log ? mayKnow(log, options) : claims.has(taskId);
      };
      if (!isOurs() && (await existingOf(taskId)) !== null && !isOurs()) return false;
      return memory.cancel(taskId, options);
    },

    async inspect(taskId) {
      if (liveLog(state, taskId)) return memory.inspect(taskId);
      const mirror = await openMirror(taskId);
      if (!mirror) return undefined;
      const { epoch, owner, chatId, name, definition, createdAt } = mirror.header;
      const { isAlive, window } = mirror;
      leave(mirror);
      if (window.isEnded) return undefined;
      const cursor = formatCursor(epoch, window.next - 1);
      return {
        ...{ taskId, status: 'running', owner, chatId, name, definition, cursor, createdAt },
        ...(!isAlive && { isLost: true }),
      };
    },
  };
}
