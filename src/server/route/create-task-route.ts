import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIDataTypes } from 'ai';
import { checkIsDefinition, checkRouteTransformer } from '../check-definition';
import { claimDefinedTask } from '../claim-defined-task';
import type { TaskDefinition } from '../define-task';
import { readCursor } from '../http/read-cursor';
import { readJsonBody } from '../http/read-json-body';
import { readEvents, readQuery } from '../http/read-query';
import { callHost } from '../log/call-host';
import { checkCounts } from '../log/check-counts';
import { checkTaskId, createTooManyTasksError, unlessAway } from '../log/task-errors';
import { createMemoryStreamContext } from '../memory/memory-stream-context';
import { inputDecoder, readInput } from '../read-input';
import type { Invocation } from '../recovery/invocation';
import { registerDefinition } from '../registered-definitions';
import { followTask, type ResumeTaskOptions } from '../resume-task';
import { reportTo } from '../task/mask-error';
import type { TaskRetry } from '../task/retry-options';
import type { Claim } from '../task/start-task';
import { checkDurations } from '../time/check-durations';
import { toTaskStreamContext } from '../to-task-stream-context';
import { createAdmission } from './admission';
import { answering, type RouteHandler } from './answering';
import { cancelResponse } from './cancel-response';
import { checkQueue } from './check-queue';
import { createReaderCallers } from './reader-callers';
import { createReaderTakers, type WatchedResponse } from './reader-takers';
import {
  checkStartBody,
  checkStartQuery,
  refuseToStartByGet,
  type StartRequest,
} from './start-request';
import type { CreateTaskRouteOptions, TaskRoute, TaskRouteContext } from './task-route';
import { createTaskSlots } from './task-slots';

/**
 * Serves a defined task: `export const { POST, GET, DELETE } = createTaskRoute(task)`. A task with
 * `retry` that waits for a process, because it has lost its own, is taken up by a GET that follows it.
 *
 * @throws TaskError `invalid-options`.
 */
export function createTaskRoute<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes,
  Checkpoint = unknown,
  Context = unknown,
  Retry extends TaskRetry | undefined = TaskRetry | undefined,
>(
  task: TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, Retry>,
  {
    authorize,
    owner: ownerOf,
    maxBodyBytes = 1024 * 1024,
    maxConcurrent = Number.POSITIVE_INFINITY,
    maxRunning = Number.POSITIVE_INFINITY,
    allowGet = false,
    queue,
    streamContext: givenContext = createMemoryStreamContext(),
    transformer: ownTransformer,
    ...settings
  }: CreateTaskRouteOptions = {},
): TaskRoute {
  checkIsDefinition(task);
  const { options: definition } = task;
  const streamContext = toTaskStreamContext(givenContext);
  const heartbeatMs = settings.heartbeatMs ?? definition.heartbeatMs;
  checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
  checkCounts({ maxRunning }, { mayBeAny: true });
  registerDefinition(streamContext, definition);
  if (queue) checkQueue(queue, definition);
  checkRouteTransformer(definition, ownTransformer);
  const transformer = ownTransformer ?? definition.transformer;
  const decoder = inputDecoder(transformer);
  const slots = createTaskSlots(maxConcurrent);
  // Tasks of other definitions are unknown to this route: other `authorize` functions guard them.
  const ofThisRoute = definition.name;

  const follow = (options: ResumeTaskOptions, watched?: WatchedResponse) =>
    followTask({ ...options, streamContext, heartbeatMs }, { definition: ofThisRoute, watched });
  const takers = queue
    ? createReaderCallers({ queue, streamContext, definition: ofThisRoute })
    : createReaderTakers({
        ...{ task, streamContext, slots, maxRunning, heartbeatMs },
        ...{ onError: settings.onError, toTaskError: settings.toTaskError },
      });

  const { refusal, askOwner } = createAdmission({ authorize, owner: ownerOf });
  const { onError } = settings;
  const { maxRunMs } = definition;
  const answer = (handler: RouteHandler) =>
    answering(handler, { onError, streamContext, maxRunMs });
  const taskIdOf = (request: Request) => checkTaskId(readQuery(request, 'taskId'));

  const start = async (
    request: Request,
    { taskId, input: given }: StartRequest,
    context: TaskRouteContext | undefined,
    invocation: Invocation | undefined,
  ): Promise<Response> => {
    const watch = takers.watch(request, { isStart: true, invocation });
    const events = readEvents(request);
    const refused = await refusal(request, 'start', taskId);
    if (refused) return refused;
    const input = await readInput(given, { schema: definition.input, transformer: decoder });
    const owner = await askOwner(request);
    const params = (await context?.params) ?? {};
    const slot = await slots.take(owner);
    if (!slot) {
      const record =
        taskId &&
        (await unlessAway(streamContext.inspect(taskId, { owner, definition: ofThisRoute })));
      if (!record) throw createTooManyTasksError(maxConcurrent);
      return follow({ taskId, owner }, watch?.respond(taskId, owner)).toResponse({ events });
    }
    try {
      const started = claimDefinedTask<Result>(definition, {
        ...{ ...settings, ...invocation?.runTime() },
        ...{ transformer, heartbeatMs, streamContext, taskId },
        queued: queue && { queue, delayMs: 0 },
        readInput: async () => input,
        storedInput: () => given,
        ...{ owner, request, params },
      });
      const hold = (claim: Claim) => slot.hold(claim.kind === 'opened' ? claim.settled : undefined);
      started.claiming.then(hold);
      const watched = watch?.respond(started.task.taskId, owner);
      return await started.toWatchedResponse({ events }, watched);
    } catch (error) {
      slot.hold(undefined);
      throw error;
    }
  };

  const answerFollow = async (
    request: Request,
    invocation: Invocation | undefined,
  ): Promise<Response> => {
    const watch = takers.watch(request, { isStart: false, invocation });
    const taskId = taskIdOf(request);
    const refused = await refusal(request, 'follow', taskId);
    if (refused) return refused;
    const owner = await askOwner(request);
    const watched = watch?.respond(taskId, owner);
    const response = await follow({ taskId, request, owner }, watched).toResponse();
    if (watched && response.body) {
      const report = (error: unknown) => reportTo(onError, error, taskId);
      callHost(() => settings.waitUntil?.(watched.over), report);
    }
    return response;
  };

  return {
    POST: answer(async (request, context, invocation) => {
      const asked = checkStartBody(await readJsonBody(request, maxBodyBytes));
      return start(request, asked, context, invocation);
    }),

    GET: answer(async (request, context, invocation) => {
      const text = readQuery(request, 'input');
      if (text === undefined) return answerFollow(request, invocation);
      // A host may serve HEAD by this handler, too, which must start nothing.
      if (!allowGet || request.method !== 'GET') return refuseToStartByGet();
      // A page with a cursor has seen something of the task: it wants the rest, and no new task.
      if (readCursor(request) !== undefined) return answerFollow(request, invocation);
      const isEncoded = decoder !== undefined;
      const asked = checkStartQuery(request, { text, maxBodyBytes, isEncoded });
      return start(request, asked, context, invocation);
    }),

    DELETE: answer(async (request) => {
      const taskId = taskIdOf(request);
      const refused = await refusal(request, 'cancel', taskId);
      if (refused) return refused;
      const owner = await askOwner(request);
      const reason = readQuery(request, 'reason');
      return cancelResponse(streamContext, taskId, {
        owner,
        definition: ofThisRoute,
        reason,
        queue,
      });
    }),
  };
}
