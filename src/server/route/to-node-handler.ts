import { TaskError } from '../../protocol/task-error';
import { type BodyStream, createBodyStream } from '../http/body-stream';
import { type NodeResponse, pipeToNodeResponse } from '../http/pipe-to-node-response';
import { errorResponse, failureResponse } from '../http/responses';
import { type NodeRequest, toWebRequest } from '../http/to-web-request';
import type { TaskRoute, TaskRouteHandler } from './task-route';

/** Whether a property of a route is the handler of a method. The route of a chat has others, too. */
function isHandler([method, handler]: [string, unknown]): boolean {
  return /^[A-Z]+$/.test(method) && typeof handler === 'function';
}

/** The handler of a method. HTTP/2 clients may send any text as the method, even `constructor`. */
function handlerOf(route: TaskRoute, method: string): TaskRouteHandler | undefined {
  const handlers = new Map<string, TaskRouteHandler>(Object.entries(route).filter(isHandler));
  return handlers.get(method) ?? (method === 'HEAD' ? handlers.get('GET') : undefined);
}

async function answer(route: TaskRoute, request: NodeRequest, body: BodyStream): Promise<Response> {
  const handler = handlerOf(route, request.method ?? 'GET');
  if (!handler) {
    const error = new TaskError({
      code: 'method-not-allowed',
      message: 'Use POST to start a task, GET to follow and DELETE to cancel it.',
    });
    return errorResponse(error, { headers: { allow: 'POST, GET, DELETE' } });
  }
  const report = (cause: unknown) => console.error('ai-task-stream:', cause);
  let webRequest: Request;
  try {
    webRequest = toWebRequest(request, body);
  } catch (error) {
    report(error);
    return failureResponse(error, () => {});
  }
  try {
    return await handler(webRequest);
  } catch (error) {
    // Only a host's own handler rejects. `node:http` would end the process for that.
    return failureResponse(error, report);
  }
}

/**
 * Serves a route with `node:http`, `node:http2`, Express, Next.js' Pages Router, or whatever else
 * hands out Node's requests and responses. HEAD is served as GET, without a body. When a body parser
 * has read the body, `request.body` is used.
 *
 * @throws TaskError `invalid-options` when the route has no handlers.
 */
export function toNodeHandler(
  route: TaskRoute,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  if (!Object.entries(Object(route)).some(isHandler)) {
    throw new TaskError({
      code: 'invalid-options',
      message: 'This is no route. Pass what `createTaskRoute(task)` gave you: all of its handlers.',
    });
  }
  return (request, response) => {
    const body = createBodyStream(request);
    // No `async` function: that would keep the web response for as long as its body is sent.
    return answer(route, request, body)
      .then((webResponse) => pipeToNodeResponse(webResponse, response))
      .then(body.discard);
  };
}
