import type { UIMessage } from 'ai';
import type { Cursor } from '../protocol/cursor';
import { closeBehind } from './http/closing-connections';
import { logResponse } from './http/log-response';
import { type NodeResponse, pipeToNodeResponse } from './http/pipe-to-node-response';
import { readCursor } from './http/read-cursor';
import { readEvents } from './http/read-query';
import { emptyResponse, errorResponse, type TaskResponseInit } from './http/responses';
import type { ResponseWatch } from './http/text-source';
import { callHost } from './log/call-host';
import { checkChatId, checkNames } from './log/check-names';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import { checkTaskId, contextErrorOf, createNotFoundError } from './log/task-errors';
import type { ReadTaskOptions, TaskStreamContext } from './log/task-stream-context';
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
   * The request. Its `Last-Event-ID` header, or else `?lastEventId=`, says what the reader has
   * already; `?events=named` asks for named events. `HEAD` is answered as `GET`, without a body.
   */
  request?: Request;
  /** Where the log lives. Default: the memory of this process. */
  streamContext?: TaskStreamContext | ResumableStreamContext;
  /** Must be the owner that the task was started with. */
  owner?: string;
  /** The interval of the response's heartbeats, in milliseconds. Default 5,000. */
  heartbeatMs?: number;
  /**
   * Called with the outcome of a task that is over and unsaved: its process was lost before the
   * task's own `onSettle` had returned, or that `onSettle` has failed. Called at least once, by one
   * process at a time, with `isRecovered: true`, without `messages`, and with the message as the log
   * has it. The message's id is the one that the page knows, else the taskId. Save the message under
   * that id, but only if no final message has it: the lost process may have saved one just before.
   */
  onSettle?: (event: TaskSettleEvent<unknown, Message>) => Promise<void> | void;
  /** Keeps a serverless instance alive until `onSettle` is done, such as Next.js' `after`. */
  waitUntil?: (promise: Promise<unknown>) => void;
  /**
   * Gets what `onSettle` throws, and why a message cannot be recovered. Default: `console.error`.
   */
  onError?: (error: unknown, context: { taskId: string }) => void;
}

export interface ResumedTask {
  /**
   * 200 with what follows the reader's cursor, or 204 when nothing is left to read. A `taskId` that
   * is unknown or somebody else's is answered with 404, a `chatId` without such a task with 204. A
   * bad taskId or cursor is answered with 400, and 503 says that the storage is away; the body of
   * these errors is `{ error: { code, message } }`.
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

/** Opens readers of a task, and keeps nothing of the request that has asked for it. */
function openerOf(context: TaskStreamContext, taskId: string, options: ReadTaskOptions) {
  return (after?: Cursor) =>
    context.read(taskId, after ? { ...options, cursor: after, isContinued: true } : options);
}

/** How a task is followed, besides what hosts may say of that. */
interface FollowTaskOptions {
  /**
   * The name of a definition; tasks of other definitions count as unknown. Default: tasks of all
   * definitions, and of none.
   */
  definition?: string;
  /** Is told what becomes of the response. */
  watched?: ResponseWatch | undefined;
  /** How many frames from the start are left out, where there is no cursor. Default 0. */
  skip?: number;
}

/** Does what `resumeTask` promises, without the type of the messages. */
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
  { definition, watched, skip }: FollowTaskOptions = {},
): ResumedTask {
  checkNames({ owner });
  checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
  const streamContext = toTaskStreamContext(givenContext);
  const { draining } = streamContext;

  const open = async (init?: TaskResponseInit): Promise<Response> => {
    const cursor = request && readCursor(request);
    const events = init?.events ?? (request && readEvents(request));
    const isByChat = givenTaskId === undefined && chatId !== undefined;
    checkChatId(chatId);
    const taskId = isByChat
      ? await streamContext.activeTask(chatId, { owner })
      : checkTaskId(givenTaskId);
    if (taskId === undefined) return emptyResponse(undefined, init);
    const openReader = openerOf(streamContext, taskId, { owner, definition, cursor, skip });
    const reader = await openReader();
    if (!reader) {
      if (isByChat) return emptyResponse(undefined, init);
      throw createNotFoundError();
    }
    const isHead = request?.method === 'HEAD';
    if (onSettle && !isHead) {
      const report = (error: unknown) => reportTo(onError, error, taskId);
      const delivering = deliverOutcome({
        ...{ context: streamContext, taskId, owner, onSettle },
        onError: report,
      }).catch(report);
      draining?.track(delivering);
      callHost(() => waitUntil?.(delivering), report);
    }
    const source = { reader, openReader, taskId, heartbeatMs, events, draining, ...watched };
    return logResponse(source, init, { isHead });
  };

  const toResponse = async (init?: TaskResponseInit) => {
    const refuse = (cause: unknown) => errorResponse(contextErrorOf(cause), init);
    return closeBehind(await open(init).catch(refuse), draining);
  };

  return {
    toResponse,
    pipeToResponse: (response, init) =>
      toResponse(init).then((webResponse) => pipeToNodeResponse(webResponse, response)),
  };
}
