import type { UIMessage, UIMessageChunk } from 'ai';
import { TaskError } from '../protocol/task-error';
import { createTaskId } from '../protocol/task-id';
import type { TaskSettlement } from '../protocol/task-parts';
import { askToStop } from './ask-to-stop';
import {
  createChunkStream,
  type OpenTaskReader,
  type ToUIMessageStreamOptions,
} from './http/chunk-stream';
import { closeBehind } from './http/closing-connections';
import { logResponse } from './http/log-response';
import { type NodeResponse, pipeToNodeResponse } from './http/pipe-to-node-response';
import { errorResponse, type TaskResponseInit } from './http/responses';
import type { ResponseWatch } from './http/text-source';
import { acrossAttempts } from './log/across-attempts';
import { callHost } from './log/call-host';
import { checkNames } from './log/check-names';
import { createNotFoundError, isForClients, unlessAway } from './log/task-errors';
import { createMemoryStreamContext } from './memory/memory-stream-context';
import type { PlannedTask } from './planned-work';
import type { QueuedStart } from './task/ask-for-worker';
import { checkTaskOptions } from './task/check-task-options';
import { followSettlement } from './task/follow-settlement';
import { reportTo } from './task/mask-error';
import type { RunTimeOptions } from './task/run-time';
import { type Claim, startTask } from './task/start-task';
import type { StreamTaskOptions, TaskSettleEvent } from './task/task-options';
import { toTaskStreamContext } from './to-task-stream-context';

/** A task that `streamTask` started or joined. */
export interface StreamedTask<Result = unknown> {
  readonly taskId: string;
  /**
   * What `execute` returned. Rejects with a `TaskError` when the task failed, was cancelled or
   * refused; nobody has to handle that rejection.
   */
  readonly result: Promise<Result>;
  /**
   * Asks the task to stop, for a reason that is cut to 1,000 characters. Resolves with `false` when
   * the task is over already.
   */
  cancel(reason?: string): Promise<boolean>;
  /**
   * A response that streams the task. Resolves once the task is claimed: with 200, or with 204 for a
   * task that was joined and of which nothing is left to read. Errors have the body
   * `{ error: { code, message } }`: 400 for a bad taskId, 404 when the taskId is somebody else's, 503
   * when the storage is away.
   */
  toResponse(init?: TaskResponseInit): Promise<Response>;
  /**
   * The task as AI SDK chunks, for `writer.merge` of another stream. When the task is attempted again,
   * parts that the attempt before has left open are ended, and what it did after its last checkpoint
   * stays in the stream: nothing can be taken back here.
   */
  toUIMessageStream(options?: ToUIMessageStreamOptions): ReadableStream<UIMessageChunk>;
  /** Sends what `toResponse` would over a Node response; resolves when it has ended. */
  pipeToResponse(response: NodeResponse, init?: TaskResponseInit): Promise<void>;
  /** Resolves with the outcome, without reading the stream. Rejects when the task was refused. */
  consume(): Promise<TaskSettlement<Result>>;
}

/**
 * Runs slow work that outlives its connection, and streams it as an AI SDK UI message stream.
 * The task starts at once, whether or not a response is ever asked for.
 *
 * @throws TaskError `invalid-options`.
 */
export function streamTask<
  Result,
  Input = undefined,
  Steps extends Record<string, number> = Record<string, number>,
  Value = unknown,
  Message extends UIMessage = UIMessage,
>(options: StreamTaskOptions<Input, Result, Steps, Value, Message>): StreamedTask<Result> {
  checkTaskOptions(options);
  const { execute, input, retry, ...settings } = options;
  if (retry !== undefined) {
    throw new TaskError({
      code: 'invalid-options',
      message:
        '`streamTask` cannot attempt a task again, because no other process could run its `execute`. Use `defineTask({ retry })`, and start the task by a route or by its `start`.',
    });
  }
  return claimTask<Result>(settings as ClaimSettings<Result>, {
    // The cast is safe: the input is that of the same options.
    execute: ({ before: _before, ...given }) =>
      execute({ ...given, input: input as Input } as Parameters<typeof execute>[0]),
  }).task;
}

/** A task, and what came of the attempt to start it. */
export interface ClaimedTask<Result> {
  readonly task: StreamedTask<Result>;
  /** Does what `toResponse` of the task does, for somebody who watches the response. */
  toWatchedResponse(
    init: TaskResponseInit | undefined,
    watch: ResponseWatch | undefined,
  ): Promise<Response>;
  /** Never rejects. */
  readonly claiming: Promise<Claim>;
}

/** The settings of a task, whatever the types of its values besides the result. */
export type ClaimSettings<Result> = Omit<
  StreamTaskOptions<never, Result, Record<string, number>, never>,
  'execute' | 'input' | 'retry'
> &
  RunTimeOptions & { maxCheckpointBytes?: number; queued?: QueuedStart | undefined };

/** What makes a task belong to a definition, and its work from the input. */
export interface ClaimedDefinition {
  /** The definition's name. A task of another definition is not joined, but counts as unknown. */
  definition: string;
  /** Resolves with the input. When it rejects, the task is refused. */
  readInput: () => Promise<unknown>;
  /** Makes the work from the input. When it rejects, the task is refused. */
  plan: (input: unknown) => Promise<PlannedTask>;
}

/** Does what `streamTask` promises, for a task of a definition, too. */
export function claimTask<Result>(
  settings: ClaimSettings<Result>,
  work: PlannedTask | ClaimedDefinition,
): ClaimedTask<Result> {
  const definition = 'definition' in work ? work.definition : undefined;
  checkNames({ owner: settings.owner, name: settings.name, definition });
  const { onSettle, ...rest } = settings;
  const {
    taskId = createTaskId(),
    owner,
    heartbeatMs = 5_000,
    streamContext: givenContext = createMemoryStreamContext(),
    cancelOnDisconnect = false,
    waitUntil,
  } = rest;
  const streamContext = toTaskStreamContext(givenContext);
  const { draining } = streamContext;
  const queue = rest.queued?.queue;

  const start = (planned: PlannedTask) =>
    startTask({
      ...rest,
      ...planned,
      taskId,
      definition,
      heartbeatMs,
      streamContext,
      createFallback: () => createMemoryStreamContext({ scope: 'unavailable' }),
      onSettle: onSettle && ((event) => onSettle(event as TaskSettleEvent<Result>)),
    });
  const refuse =
    (message: string) =>
    (cause: unknown): Claim => {
      if (isForClients(cause)) return { kind: 'refused', error: cause };
      reportTo(rest.onError, cause, taskId);
      return { kind: 'refused', error: new TaskError({ code: 'internal', message, cause }) };
    };
  const startDefined = ({ readInput, plan }: ClaimedDefinition) => {
    const startWith = (input: unknown) =>
      plan(input).then(start, refuse('The task could not be started.'));
    return readInput().then(startWith, refuse('The input could not be checked.'));
  };
  const claiming = 'definition' in work ? startDefined(work) : start(work);
  const released = claiming.then((claim) => (claim.kind === 'opened' ? claim.released : undefined));
  draining?.track(released);
  callHost(
    () => waitUntil?.(released),
    (error) => reportTo(rest.onError, error, taskId),
  );

  const openReader: OpenTaskReader = async (after, { isContinued = true } = {}) => {
    const claim = await claiming;
    if (claim.kind === 'refused') throw claim.error;
    const { context, skip } = claim;
    const token = claim.kind === 'opened' ? claim.token : undefined;
    const continues = after !== undefined && isContinued;
    const options = { owner, definition, cursor: after, isContinued: continues, skip, token };
    const reader = await unlessAway(context.read(taskId, options));
    if (!reader) throw createNotFoundError();
    return reader;
  };

  const consume = async (): Promise<TaskSettlement<Result>> => {
    const claim = await claiming;
    const own = claim.kind === 'opened' ? await claim.settled : undefined;
    if (own) return own as TaskSettlement<Result>;
    const reader = acrossAttempts(await openReader(), (after) =>
      openReader(after, { isContinued: false }),
    );
    return (await followSettlement(reader, taskId)) as TaskSettlement<Result>;
  };

  const awaitResult = async (): Promise<Result> => {
    const { status, result, error } = await consume();
    if (status === 'completed') return result as Result;
    throw new TaskError(error ?? { code: 'internal', message: 'The task failed.' });
  };
  let result: Promise<Result> | undefined;

  const cancel = async (reason?: string) => {
    const claim = await claiming;
    if (claim.kind === 'refused') return false;
    return askToStop(claim.context, taskId, { owner, definition, reason, queue });
  };

  const toWatchedResponse: ClaimedTask<Result>['toWatchedResponse'] = async (init, watch) => {
    const onCancel = () => {
      // When the storage is away, the task cannot be asked to stop, and goes on.
      if (cancelOnDisconnect) cancel('The client has left.').catch(() => {});
    };
    try {
      const reader = await openReader();
      const { events } = init ?? {};
      const source = { reader, openReader, taskId, heartbeatMs, events, onCancel, draining };
      return logResponse({ ...source, ...watch }, init);
    } catch (error) {
      if (TaskError.isInstance(error)) return errorResponse(error, init);
      throw error;
    }
  };

  const toResponse = async (init?: TaskResponseInit) =>
    closeBehind(await toWatchedResponse(init, undefined), draining);

  const task: StreamedTask<Result> = {
    taskId,
    get result() {
      result ??= awaitResult();
      // Handled here, because callers that do not await `result` learn of a failure by `onError`.
      result.catch(() => {});
      return result;
    },
    cancel,
    toResponse,
    toUIMessageStream: (streamOptions) =>
      createChunkStream({ ...streamOptions, openReader, taskId, heartbeatMs }),
    pipeToResponse: (response, init) =>
      toResponse(init).then((webResponse) => pipeToNodeResponse(webResponse, response)),
    consume,
  };
  return { task, toWatchedResponse, claiming };
}
