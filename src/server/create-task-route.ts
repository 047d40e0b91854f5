import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TaskError } from '../protocol/task-error';
import { cancelTask } from './cancel-task';
import { createMemoryStreamContext } from './context/memory-stream-context';
import { toTaskStreamContext } from './context/to-task-stream-context';
import type { OutputOf, TaskDefinition } from './define-task';
import { readJsonBody } from './http/read-json-body';
import { errorResponse, jsonResponse } from './http/responses';
import { resumeTask } from './resume-task';
import { streamTask } from './stream-task';
import { reportTo } from './task/mask-error';
import type { TaskSettings, TaskTransformer } from './task/task-options';
import { checkTaskId, createNotFoundError, createUnavailableError } from './task-errors';

/** What a request wants: POST starts, GET follows, DELETE cancels. */
export type TaskAction = 'start' | 'follow' | 'cancel';

export interface CreateTaskRouteOptions
  extends Pick<
    TaskSettings,
    | 'streamContext'
    | 'whenUnavailable'
    | 'waitUntil'
    | 'heartbeatMs'
    | 'toTaskError'
    | 'onError'
    | 'cancelOnDisconnect'
  > {
  /**
   * Decides whether a request may do what it asks for: `true`, or a response of your own to
   * refuse it with; `false` answers 403. Default: everybody may.
   */
  authorize?: (options: {
    request: Request;
    action: TaskAction;
    /** As the request gave it; checked to be well-formed. */
    taskId: string | undefined;
  }) => Promise<boolean | Response> | boolean | Response;
  /**
   * Who makes the request, from a session or a token. Tasks of others look like unknown ones.
   * Default: whoever knows a taskId may follow and cancel.
   */
  owner?: (request: Request) => Promise<string | undefined> | string | undefined;
  /** Largest accepted body in bytes. Default 1,048,576 (1 MiB). */
  maxBodyBytes?: number;
  /** Decodes inputs, and encodes partial results and the result. */
  transformer?: TaskTransformer;
}

/** What Next.js passes beside the request; other hosts may leave it out. */
export interface TaskRouteContext {
  params?: Promise<Record<string, string | string[] | undefined>>;
}

/** A web-standard request handler. It never rejects. */
export type TaskRouteHandler = (request: Request, context?: TaskRouteContext) => Promise<Response>;

export interface TaskRoute {
  /** Starts a task from `{ taskId?, input }`, or joins the one of that taskId. */
  POST: TaskRouteHandler;
  /** Follows or replays `?taskId=` from `Last-Event-ID` on. */
  GET: TaskRouteHandler;
  /** Asks `?taskId=` to stop, for `?reason=`. Answers `{ cancelled }`. */
  DELETE: TaskRouteHandler;
}

interface StartBody {
  taskId: string | undefined;
  input: unknown;
}

/** @throws TaskError `invalid-body` or `invalid-task-id`. */
function checkStartBody(body: unknown): StartBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TaskError({
      code: 'invalid-body',
      message: 'The body must be an object of the form `{ taskId?, input }`.',
    });
  }
  const { taskId, input } = body as { taskId?: unknown; input?: unknown };
  return { taskId: taskId === undefined ? undefined : checkTaskId(taskId), input };
}

function decodeInput(input: unknown, transformer: TaskTransformer | undefined): unknown {
  if (!transformer || input === undefined) return input;
  try {
    if (typeof input === 'string') return transformer.parse(input);
  } catch {
    // Falls through to the error: the text is not of the transformer's form.
  }
  throw new TaskError({
    code: 'invalid-input',
    message: 'The input is not what the `transformer` makes of one. Use the same on the page.',
  });
}

/** @throws TaskError `invalid-input` with the schema's issues as `details`. */
async function checkInput(input: unknown, schema: StandardSchemaV1 | undefined): Promise<unknown> {
  if (!schema) return input;
  const checked = await schema['~standard'].validate(input);
  if (!checked.issues) return checked.value;
  const issues = checked.issues.map(({ message, path }) => ({
    message,
    path: path?.map((key) => String(typeof key === 'object' ? key.key : key)),
  }));
  throw new TaskError({
    code: 'invalid-input',
    message: 'The input does not fit. See the issues in `details`.',
    details: { issues },
  });
}

/** Serves a defined task: `export const { POST, GET, DELETE } = createTaskRoute(task)`. */
export function createTaskRoute<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
>(
  { options: definition }: TaskDefinition<Schema, Result, Steps, Value>,
  {
    authorize = () => true,
    owner: ownerOf = () => undefined,
    maxBodyBytes = 1024 * 1024,
    streamContext: givenContext = createMemoryStreamContext(),
    transformer,
    ...settings
  }: CreateTaskRouteOptions = {},
): TaskRoute {
  const streamContext = toTaskStreamContext(givenContext);
  const heartbeatMs = settings.heartbeatMs ?? definition.heartbeatMs;

  /** Asks `authorize`; gives the response that refuses, if it does. */
  const refusal = async (request: Request, action: TaskAction, taskId: string | undefined) => {
    const answer = await authorize({ request, action, taskId });
    if (answer instanceof Response) return answer;
    if (answer) return undefined;
    throw new TaskError({ code: 'forbidden', message: 'You may not do this with the task.' });
  };

  /** Runs a handler; what it throws becomes a response. */
  const answer =
    (
      handler: (request: Request, context: TaskRouteContext | undefined) => Promise<Response>,
    ): TaskRouteHandler =>
    async (request, context) => {
      try {
        return await handler(request, context);
      } catch (error) {
        if (TaskError.isInstance(error)) return errorResponse(error);
        const { onError = (cause: unknown) => console.error('ai-task-stream:', cause) } = settings;
        reportTo(onError, error, '');
        return errorResponse(new TaskError({ message: 'The request failed.' }));
      }
    };

  const taskIdOf = (request: Request) =>
    checkTaskId(new URL(request.url, 'http://localhost').searchParams.get('taskId'));

  return {
    POST: answer(async (request, context) => {
      const { taskId, input: given } = checkStartBody(await readJsonBody(request, maxBodyBytes));
      const refused = await refusal(request, 'start', taskId);
      if (refused) return refused;
      const input = await checkInput(decodeInput(given, transformer), definition.input);
      const owner = await ownerOf(request);
      const params = (await context?.params) ?? {};
      const { execute, input: _schema, ...defaults } = definition;
      return streamTask<Result, OutputOf<Schema>, Steps, Value>({
        ...defaults,
        ...settings,
        transformer: transformer ?? defaults.transformer,
        heartbeatMs,
        streamContext,
        taskId,
        // What the schema gave, or without a schema `unknown`.
        input: input as OutputOf<Schema>,
        owner,
        execute: (options) => execute({ ...options, request, params }),
      }).toResponse();
    }),

    GET: answer(async (request) => {
      const taskId = taskIdOf(request);
      const refused = await refusal(request, 'follow', taskId);
      if (refused) return refused;
      const owner = await ownerOf(request);
      return resumeTask({ taskId, request, streamContext, owner, heartbeatMs }).toResponse();
    }),

    DELETE: answer(async (request) => {
      const taskId = taskIdOf(request);
      const refused = await refusal(request, 'cancel', taskId);
      if (refused) return refused;
      const owner = await ownerOf(request);
      const reason = new URL(request.url, 'http://localhost').searchParams.get('reason');
      const cancel = async () => {
        const record = await streamContext.inspect(taskId);
        // Also for a task that is not open yet: the request is kept until it is.
        const cancelled = await cancelTask({
          taskId,
          streamContext,
          owner,
          reason: reason ?? undefined,
        });
        return { record, cancelled };
      };
      const { record, cancelled } = await cancel().catch((cause) => {
        throw TaskError.isInstance(cause) ? cause : createUnavailableError(cause);
      });
      if (!record || record.owner !== owner) throw createNotFoundError();
      return jsonResponse({ cancelled });
    }),
  };
}
