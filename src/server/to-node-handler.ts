import { TaskError } from '../protocol/task-error';
import { type NodeResponse, pipeToNodeResponse } from './http/pipe-to-node-response';
import { errorResponse, failureResponse } from './http/responses';
import { type NodeRequest, toWebRequest } from './http/to-web-request';
import type { TaskRoute } from './task-route';

async function answer(route: TaskRoute, request: NodeRequest): Promise<Response> {
  const handlers: Record<string, TaskRoute['GET'] | undefined> = { ...route };
  const handler = handlers[request.method ?? 'GET'];
  if (!handler) {
    const error = new TaskError({
      code: 'method-not-allowed',
      message: 'Use POST to start a task, GET to follow and DELETE to cancel it.',
    });
    return errorResponse(error, { headers: { allow: 'POST, GET, DELETE' } });
  }
  let webRequest: Request;
  try {
    webRequest = toWebRequest(request);
  } catch (error) {
    if (!TaskError.isInstance(error)) throw error;
    console.error('ai-task-stream:', error);
    return errorResponse(error);
  }
  try {
    return await handler(webRequest);
  } catch (error) {
    // A handler of the host's own. `node:http` waits for no listener: it would end the process.
    return failureResponse(error, (cause) => console.error('ai-task-stream:', cause));
  }
}

/**
 * Serves a route with `node:http`, `node:http2`, Express, Next.js' Pages Router, or whatever else
 * hands out Node's requests and responses. Behind a body parser it takes `request.body`.
 *
 * @throws TaskError `invalid-options` when it is given no handlers.
 */
export function toNodeHandler(
  route: TaskRoute,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  if (!Object.values(Object(route)).some((handler) => typeof handler === 'function')) {
    throw new TaskError({
      code: 'invalid-options',
      message: 'This is no route. Pass what `createTaskRoute(task)` gave you: all of its handlers.',
    });
  }
  return async (request, response) => {
    await pipeToNodeResponse(await answer(route, request), response);
  };
}
