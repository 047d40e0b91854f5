import type { UIMessage } from 'ai';
import { createByteStream } from './http/byte-stream';
import { type NodeResponse, pipeToNodeResponse } from './http/pipe-to-node-response';
import { readCursor } from './http/read-cursor';
import { readEvents } from './http/read-query';
import {
  emptyResponse,
  errorResponse,
  streamResponse,
  type TaskResponseInit,
} from './http/responses';
import { callHost } from './log/call-host';
import { checkChatId, checkNames } from './log/check-names';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import {
  checkTaskId,
  contextErrorOf,
  createNotFoundError,
  createUnavailableError,
} from './log/task-errors';
import type { TaskStreamContext } from './log/task-stream-context';
import { createMemoryStreamContext } from './memory/memory-stream-context';
import { deliverOutcome } from './task/deliver-outcome';
import { reportTo } from './task/mask-error';
import type { TaskSettleEvent } from './task/task-options';
import { checkDurations } from './time/check-durations';
import { toTaskStreamContext } from './to-task-stream-context';

export interface ResumeTaskOptions<Message extends UIMessage = UIMessage> {
  /** The task to follow. */
  taskId?: string;
  /** The chat whose active task to follow; ignored when `taskId` is given. */
  chatId?: string;
  /**
   * Its `Last-Event-ID` header, or else `?lastEventId=`, says what the reader has already;
   * `?events=named` asks for named events. `HEAD` is answered as `GET` would be, without a body.
   */
  request?: Request;
  /** Where the log lives. Default: the memory of this process. */
  streamContext?: TaskStreamContext | ResumableStreamContext;
  /** Must be the one that the task was started with. */
  owner?: string;
  /** Between two heartbeats of the response, in milliseconds. Default 5,000. */
  heartbeatMs?: number;
  /**
   * Told of the outcome of a task that is over and unsaved: its process was lost before its own
   * `onSettle` had returned, or that has failed. At least once, and by one process at a time, with
   * `isRecovered: true` and the message as the log has it. `messages` is not known here. Its id is
   * the one that the page knows, else the taskId: save it by that, and only where no message of
   * that id is final, because that process may have saved it and been lost a moment later.
   */
  onSettle?: (event: TaskSettleEvent<unknown, Message>) => Promise<void> | void;
  /** Keeps a serverless instance alive until that is done, such as Next.js' `after`. */
  waitUntil?: (promise: Promise<unknown>) => void;
  /**
   * Gets what `onSettle` throws, and why a message cannot be recovered. Default: `console.error`.
   */
  onError?: (error: unknown, context: { taskId: string }) => void;
}

export interface ResumedTask {
  /**
   * 200 with what follows the reader's cursor, or 204 when nothing is left to read. By taskId,
   * 404 for a task that is unknown or somebody else's; by chatId, 204 then, too. With
   * `{ error: { code, message } }`: 400 for a bad taskId or cursor, 503 when the storage is away.
   */
  toResponse(init?: TaskResponseInit): Promise<Response>;
  /** Sends what `toResponse` would over a Node response; resolves when it has ended. */
  pipeToResponse(response: NodeResponse, init?: TaskResponseInit): Promise<void>;
}

/**
 * Follows a task that is running, or replays one that has settled. `Message` is the type of the
 * chat's messages, as it was given to `streamTask`.
 */
export function resumeTask<Message extends UIMessage = UIMessage>({
  onSettle,
  ...options
}: ResumeTaskOptions<Message>): ResumedTask {
  return followTask({
    ...options,
    ...(onSettle && {
      onSettle: (event) => onSettle(event as TaskSettleEvent<unknown, Message>),
    }),
  });
}

/**
 * What `resumeTask` does.
 *
 * @param definition If given, of which the task has to be: one of another is unknown.
 */
export function followTask(
  {
    taskId: givenTaskId,
    chatId,
    request,
    streamContext: givenContext = createMemoryStreamContext(),
    owner,
    heartbeatMs = 5_000,
    onSettle,
    waitUntil,
    onError,
  }: ResumeTaskOptions,
  definition?: string,
): ResumedTask {
  checkNames({ owner });
  checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
  const streamContext = toTaskStreamContext(givenContext);

  const open = async (init?: TaskResponseInit): Promise<Response> => {
    const cursor = request && readCursor(request);
    const events = init?.events ?? (request && readEvents(request));
    const isByChat = givenTaskId === undefined && chatId !== undefined;
    checkChatId(chatId);
    const taskId = isByChat
      ? await streamContext.activeTask(chatId, { owner })
      : checkTaskId(givenTaskId);
    if (taskId === undefined) return emptyResponse(undefined, init);
    const openReader = (after = cursor) =>
      streamContext.read(taskId, { owner, definition, cursor: after });
    const reader = await openReader();
    if (!reader) {
      if (isByChat) return emptyResponse(undefined, init);
      throw createNotFoundError();
    }
    const isHead = request?.method === 'HEAD';
    const { isEnded: hasEnded, isCut } = reader;
    if (hasEnded || isHead) reader.close();
    if (onSettle && !isHead) {
      const report = (error: unknown) => reportTo(onError, error, taskId);
      const delivering = deliverOutcome({
        ...{ context: streamContext, taskId, owner, onSettle },
        onError: report,
      }).catch(report);
      callHost(() => waitUntil?.(delivering), report);
    }
    if (hasEnded && isCut) throw createUnavailableError(undefined);
    if (hasEnded) return emptyResponse(taskId, init);
    if (isHead) return streamResponse(null, taskId, init);
    const body = createByteStream({ reader, openReader, taskId, heartbeatMs, events });
    return streamResponse(body, taskId, init);
  };

  const toResponse = async (init?: TaskResponseInit) => {
    try {
      return await open(init);
    } catch (cause) {
      return errorResponse(contextErrorOf(cause), init);
    }
  };

  return {
    toResponse,
    async pipeToResponse(response, init) {
      await pipeToNodeResponse(await toResponse(init), response);
    },
  };
}
