import { createQueryError, readQuery } from '../../http/read-query';
import { emptyResponse } from '../../http/responses';
import { callHost } from '../../log/call-host';
import type { TaskRunnerQueue } from '../../log/task-queue';
import type { PlainDefinition } from '../../plain-definition';
import type { Invocation } from '../../recovery/invocation';
import { followTask, type ResumedTask, type ResumeTaskOptions } from '../../resume-task';
import { pause } from '../../time/pause';
import { createReaderCallers } from '../reader-callers';
import { createReaderTakers, type ReaderTakers, type WatchedResponse } from '../reader-takers';
import { createTaskSlots } from '../task-slots';
import type { ChatOfOwner } from './chat-route';
import { lastTurn } from './last-turn';
import type { TurnMeans } from './turn-means';

/** Follows the turns of a chat. */
export interface ChatFollower extends Pick<ReaderTakers, 'watch'> {
  follow(
    options: ResumeTaskOptions,
    how?: { watched?: WatchedResponse | undefined; skip?: number },
  ): ResumedTask;
  /** Follows a turn, or the one that is the chat's active one, and takes it up if it waits. */
  respond(
    request: Request,
    chat: { chatId: string; owner: string | undefined; taskId: string | undefined },
    invocation: Invocation | undefined,
  ): Promise<Response>;
}

/** How often a request that waits for a turn looks whether one has begun, in milliseconds. */
const lookMs = 500;

/** How long a request may wait for a turn, in milliseconds. */
const maxWaitMs = 25_000;

/**
 * How long a request waits for a turn to begin, by `?wait=`.
 *
 * @throws TaskError `invalid-query`.
 */
function readWait(request: Request): number {
  const text = readQuery(request, 'wait');
  if (text === undefined) return 0;
  const ms = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (ms <= maxWaitMs) return ms;
  throw createQueryError(`\`wait\` is a number of milliseconds, ${maxWaitMs} at most.`);
}

export function createChatFollower(
  means: TurnMeans,
  definition: PlainDefinition,
  queue: TaskRunnerQueue | undefined,
): ChatFollower {
  const { chat, context, saveEnd, report } = means;
  const { heartbeatMs, waitUntil, onError, toTaskError } = chat;
  const { maxRunning = Number.POSITIVE_INFINITY } = chat;
  const takers = queue
    ? createReaderCallers({ queue, streamContext: context, definition: definition.name })
    : createReaderTakers({
        ...{ task: { options: definition }, streamContext: context, heartbeatMs, maxRunning },
        slots: createTaskSlots(Number.POSITIVE_INFINITY),
        ...(onError && { onError }),
        ...(toTaskError && { toTaskError }),
      });

  const follow: ChatFollower['follow'] = (options, how) =>
    followTask(
      {
        ...options,
        ...{ streamContext: context, onSettle: saveEnd },
        ...(heartbeatMs !== undefined && { heartbeatMs }),
        ...(waitUntil && { waitUntil }),
        ...(onError && { onError }),
      },
      { definition: definition.name, ...how },
    );

  /** The chat's active task, once there is one; `undefined` when there is none in time. */
  const awaitTask = async (request: Request, chatOf: ChatOfOwner): Promise<string | undefined> => {
    const giveUpAt = performance.now() + (request.method === 'GET' ? readWait(request) : 0);
    const isLeaving = () => request.signal.aborted || context.draining?.begun.aborted === true;
    for (;;) {
      const taskId = await lastTurn(chatOf, means);
      const leftMs = giveUpAt - performance.now();
      if (taskId !== undefined || leftMs <= 0 || isLeaving()) return taskId;
      await pause(Math.min(lookMs, leftMs));
    }
  };

  return {
    watch: takers.watch,
    follow,
    async respond(request, { taskId: named, ...of }, invocation) {
      const watch = takers.watch(request, { isStart: false, invocation });
      const taskId = named ?? (await awaitTask(request, of));
      if (taskId === undefined) return emptyResponse();
      const { owner } = of;
      const watched = watch?.respond(taskId, owner);
      const response = await follow({ taskId, request, owner }, { watched }).toResponse();
      if (watched && response.body) {
        callHost(
          () => waitUntil?.(watched.over),
          (error) => report(error, taskId),
        );
      }
      // A task that is over by now, or of another kind, is none of the chat's.
      return named === undefined && response.status === 404 ? emptyResponse() : response;
    },
  };
}
