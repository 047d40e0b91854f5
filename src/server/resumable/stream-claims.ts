import type { ResumableStreamContext } from '../log/resumable-stream-context';
import { createUnavailableError, unlessAway } from '../log/task-errors';
import { answerWithin } from '../time/answer-within';
import { later } from '../time/later';
import { leaveStream } from '../time/leave-stream';
import { answerTimeoutMs } from './answer-timeout';
import { createTaskBroadcast, type TaskBroadcast } from './task-broadcast';

/**
 * How long a stream that was created too late for its task is kept for another attempt to open the
 * task, in milliseconds.
 */
const unusedMs = 60_000;

interface StreamClaim {
  /** Resolves with `undefined` when another process has the stream. */
  readonly broadcast: Promise<TaskBroadcast | undefined>;
  /** How many calls wait for the broadcast. */
  waiting: number;
}

/**
 * Creates streams, each once in this process, because a stream that is created twice interleaves.
 * A stream whose task took too long to open is kept for the next attempt, because its name is taken
 * from then on.
 */
export interface StreamClaims {
  /** Whether this process has begun to create the stream, and no task has it yet. */
  has(taskId: string): boolean;
  /**
   * Creates the stream of a task; resolves with `undefined` when another process has it.
   *
   * @throws TaskError `context-unavailable`.
   */
  claim(taskId: string): Promise<TaskBroadcast | undefined>;
  /** Takes note that a task has the stream. */
  use(taskId: string): void;
}

/** The id of a task's stream, with a prefix that keeps it apart from the host's own streams. */
export function streamIdOf(taskId: string): string {
  return `ai-task-stream:${taskId}`;
}

export function createStreamClaims(context: ResumableStreamContext): StreamClaims {
  const claims = new Map<string, StreamClaim>();

  const create = async (taskId: string): Promise<TaskBroadcast | undefined> => {
    const streamId = streamIdOf(taskId);
    if ((await context.hasExistingStream(streamId)) !== null) return undefined;
    // No stream is created when all who asked for it have given up.
    if (!claims.get(taskId)?.waiting) throw createUnavailableError(undefined);
    const broadcast = createTaskBroadcast();
    let isOurs = false;
    const own = await context.createNewResumableStream(streamId, () => {
      isOurs = true;
      return broadcast.stream;
    });
    // Readers in this process read the log itself. An unread copy of the stream would keep all of it.
    leaveStream(own);
    return isOurs ? broadcast : undefined;
  };

  const begin = (taskId: string): StreamClaim => {
    // Begun after a turn of the microtask queue, so that `create` finds its claim in the map.
    const broadcast = Promise.resolve().then(() => create(taskId));
    const claim: StreamClaim = { broadcast, waiting: 0 };
    claims.set(taskId, claim);
    const forget = () => {
      if (claims.get(taskId) === claim) claims.delete(taskId);
    };
    broadcast.then((own) => {
      if (!own) return forget();
      later(() => {
        if (claims.get(taskId) !== claim) return;
        forget();
        own.abandon();
      }, unusedMs);
    }, forget);
    return claim;
  };

  return {
    has: (taskId) => claims.has(taskId),
    async claim(taskId) {
      const claim = claims.get(taskId) ?? begin(taskId);
      claim.waiting++;
      try {
        return await unlessAway(answerWithin(answerTimeoutMs, claim.broadcast));
      } finally {
        claim.waiting--;
      }
    },
    use(taskId) {
      claims.delete(taskId);
    },
  };
}
