import { isRecord } from '../../protocol/is-record';
import { TaskError } from '../../protocol/task-error';
import { checkJson } from '../http/check-json';
import { readQuery } from '../http/read-query';
import { errorResponse } from '../http/responses';
import { bytesBeyond } from '../log/bytes-beyond';
import { checkTaskId } from '../log/task-errors';
import { passiveModes } from '../recovery/who-takes';

/** What a request to start a task says. */
export interface StartRequest {
  taskId: string | undefined;
  /** The input as it came: JSON, or with a transformer its text. */
  input: unknown;
}

/** @throws TaskError `invalid-body` or `invalid-task-id`. */
export function checkStartBody(body: unknown): StartRequest {
  if (!isRecord(body)) {
    throw new TaskError({
      code: 'invalid-body',
      message: 'The body must be an object of the form `{ taskId?, input }`.',
    });
  }
  checkJson(body, 'invalid-body');
  const { taskId, input, ...others } = body;
  if (input === undefined && Object.keys(others).length > 0) {
    throw new TaskError({
      code: 'invalid-body',
      message:
        'The body has no `input`. Put what the task takes into it: `{ taskId?, input: { … } }`.',
    });
  }
  return { taskId: taskId === undefined ? undefined : checkTaskId(taskId), input };
}

/**
 * What a GET with `?input=` says. The page has to name the task, because `EventSource` reconnects by
 * the same address, which without a name would start another task.
 *
 * @throws TaskError `body-too-large`, `forbidden`, `invalid-input`, `invalid-query` or
 * `invalid-task-id`.
 */
export function checkStartQuery(
  request: Request,
  { text, maxBodyBytes, isEncoded }: { text: string; maxBodyBytes: number; isEncoded: boolean },
): StartRequest {
  if (passiveModes.has(request.headers.get('sec-fetch-mode') ?? '')) {
    throw new TaskError({
      code: 'forbidden',
      message: 'Links, images and prefetches start no tasks. Use `EventSource` or `fetch`.',
    });
  }
  const taskId = readQuery(request, 'taskId');
  if (taskId === undefined) {
    throw new TaskError({
      code: 'invalid-task-id',
      message:
        'To start a task by GET, name it: `?taskId=` with an id that the page made, such as `crypto.randomUUID()`, so that it finds the task again when it reconnects.',
    });
  }
  return { taskId: checkTaskId(taskId), input: parseInput(text, { maxBodyBytes, isEncoded }) };
}

/** Reads an input from the query: JSON, or with a transformer its text. Empty text is no input. */
function parseInput(
  text: string,
  { maxBodyBytes, isEncoded }: { maxBodyBytes: number; isEncoded: boolean },
): unknown {
  if (bytesBeyond(text, maxBodyBytes) !== undefined) {
    throw new TaskError({
      code: 'body-too-large',
      message: `The input is larger than ${maxBodyBytes} bytes. Send less, or raise \`maxBodyBytes\`.`,
    });
  }
  if (text === '') return undefined;
  if (isEncoded) return text;
  try {
    const input: unknown = JSON.parse(text);
    checkJson(input, 'invalid-input');
    return input;
  } catch (cause) {
    if (TaskError.isInstance(cause)) throw cause;
    throw new TaskError({
      code: 'invalid-input',
      message: 'The `input` of the query is not valid JSON.',
      cause,
    });
  }
}

/** The response to a GET with `?input=` on a route where a GET may not start tasks. */
export function refuseToStartByGet(): Response {
  const error = new TaskError({
    code: 'method-not-allowed',
    message:
      'A GET with `input` starts nothing here. Use POST with `{ taskId?, input }`, or serve the route with `allowGet: true`.',
  });
  return errorResponse(error, { headers: { allow: 'POST' } });
}
