import { formatCursor } from '../../protocol/cursor';
import type { FrameLog } from '../log/frame-log';
import { type KnownTask, knownOf } from '../log/known-task';
import type { ResumableStreamContext } from '../log/resumable-stream-context';
import { createUnavailableError, unlessAway } from '../log/task-errors';
import { mayKnow } from '../log/task-guard';
import type { TaskReader } from '../log/task-reader';
import type { TaskLog, TaskStreamContext } from '../log/task-stream-context';
import { answerWithin } from '../time/answer-within';
import { atMost } from '../time/at-most';
import { answerTimeoutMs } from './answer-timeout';
import { createStreamClaims, streamIdOf } from './stream-claims';
import type { TaskBroadcast } from './task-broadcast';
import { openTaskMirror, type TaskMirror } from './task-mirror';

/** The log of a task that runs in this process. */
interface OwnLog extends KnownTask {
  readonly taskId: string;
  /** The claim token of whoever opened the task. */
  readonly token: string;
  /** Epoch milliseconds; set once settled. */
  readonly settledAt: number | undefined;
  readonly frames: FrameLog;
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
 * Returns a function that opens the log of another process, once for all readers. It resolves with
 * `null` when the log is over, and with `undefined` when there is no such log.
 */
function mirrorsOf(context: ResumableStreamContext) {
  const mirrors = new Map<string, Promise<TaskMirror | null | undefined>>();
  const openMirror = async (taskId: string): Promise<TaskMirror | null | undefined> => {
    let opening = mirrors.get(taskId);
    if (!opening) {
      const forget = () => {
        if (mirrors.get(taskId) === opening) mirrors.delete(taskId);
      };
      opening = openTaskMirror({
        taskId,
        resume: () => context.resumeExistingStream(streamIdOf(taskId)),
        onOver: forget,
      });
      mirrors.set(taskId, opening);
      opening.then((mirror) => mirror ?? forget(), forget);
    }
    const mirror = await opening;
    if (!mirror?.stream.isOver || mirror.window.isEnded) return mirror;
    if (mirror.stream.failure) throw createUnavailableError(mirror.stream.failure);
    // All other readers have left this mirror in the meantime, so that it follows nothing any more.
    return openMirror(taskId);
  };
  return openMirror;
}

/**
 * A context over a `resumable-stream` context. A task's log lives in the memory of its producer's
 * process, where readers, cancels and chats are those of a memory context. For readers in other
 * processes the log is sent through a stream of the wrapped context.
 */
export function createLiveContext({
  context,
  own,
  ownLog,
}: {
  context: ResumableStreamContext;
  /** A context that keeps logs in the memory of this process. */
  own: TaskStreamContext;
  /** Finds a log that `own` keeps. */
  ownLog: (taskId: string) => OwnLog | undefined;
}): TaskStreamContext {
  const claims = createStreamClaims(context);
  const broadcasts = new Map<string, TaskBroadcast>();
  const openMirror = mirrorsOf(context);

  const send = (log: OwnLog, broadcast: TaskBroadcast, leaseMs: number) => {
    const { taskId, frames } = log;
    const header = { version: 1, epoch: frames.epoch, ...knownOf(log), leaseMs } as const;
    broadcasts.set(taskId, broadcast);
    broadcast.finished.then(() => broadcasts.delete(taskId));
    broadcast.start({ header, reader: frames.read() });
  };

  /** A log whose `settle` waits until readers elsewhere have all of it, `graceMs` at most. */
  const withBroadcast = (taskId: string, log: TaskLog, graceMs: number): TaskLog => ({
    ...log,
    async settle(frames, status) {
      const broadcast = broadcasts.get(taskId);
      if (ownLog(taskId)?.settledAt === undefined) broadcast?.close(frames.length);
      const isOurs = await log.settle(frames, status);
      await atMost(graceMs, broadcast?.finished);
      return isOurs;
    },
    flushed: () => atMost(graceMs, broadcasts.get(taskId)?.flushed()),
  });

  /**
   * What the wrapped context knows of a task. Asked also when the answer is clear, so that tasks of
   * other owners take as long as tasks that do not exist.
   */
  const existingOf = (taskId: string) =>
    unlessAway(answerWithin(answerTimeoutMs, context.hasExistingStream(streamIdOf(taskId))));

  /** Closes a mirror that will not be read, unless others read it. */
  const leave = (mirror: TaskMirror) => mirror.read().close();

  // A log that is live only cannot be taken up by another process.
  const { take: _take, ...rest } = own;

  return {
    ...rest,

    async open(taskId, options) {
      const { leaseMs, graceMs = answerTimeoutMs } = options;
      const broadcast = ownLog(taskId) ? undefined : await claims.claim(taskId);
      // Another call in this process may have opened the task meanwhile.
      const isNew = !ownLog(taskId);
      if (isNew && !broadcast) return undefined;
      if (isNew) claims.use(taskId);
      const log = await own.open(taskId, options);
      const opened = ownLog(taskId);
      if (isNew && broadcast && opened) send(opened, broadcast, leaseMs);
      return log && withBroadcast(taskId, log, graceMs);
    },

    async read(taskId, options = {}) {
      const { token } = options;
      const log = ownLog(taskId);
      if (log) {
        if (!mayKnow(log, options)) {
          await existingOf(taskId);
          return undefined;
        }
        const isOver = log.settledAt !== undefined && log.token !== token;
        return isOver ? endedReader : log.frames.read(options);
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
        const log = ownLog(taskId);
        return log ? mayKnow(log, options) : claims.has(taskId);
      };
      if (!isOurs() && (await existingOf(taskId)) !== null && !isOurs()) return false;
      return own.cancel(taskId, options);
    },

    async inspect(taskId) {
      if (ownLog(taskId)) return own.inspect(taskId);
      const mirror = await openMirror(taskId);
      if (!mirror) return undefined;
      const { header, window } = mirror;
      const { isAlive } = mirror.stream;
      leave(mirror);
      if (window.isEnded) return undefined;
      const cursor = formatCursor(header.epoch, window.next - 1);
      return {
        ...{ taskId, ...knownOf(header), status: 'running', cursor },
        ...(!isAlive && { isLost: true }),
      };
    },
  };
}
