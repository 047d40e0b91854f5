import { closeBehind } from '../http/closing-connections';
import { failureResponse } from '../http/responses';
import type { TaskStreamContext } from '../log/task-stream-context';
import { beginInvocation, type Invocation } from '../recovery/invocation';
import { reportTo } from '../task/mask-error';
import type { CreateTaskRouteOptions, TaskRouteContext, TaskRouteHandler } from './task-route';

export type RouteHandler = (
  request: Request,
  context: TaskRouteContext | undefined,
  invocation: Invocation | undefined,
) => Promise<Response>;

/** Wraps a handler so that an error which it throws becomes a response. */
export function answering(
  handler: RouteHandler,
  {
    onError,
    streamContext,
    maxRunMs,
  }: Pick<CreateTaskRouteOptions, 'onError'> & {
    streamContext: TaskStreamContext;
    maxRunMs: number | undefined;
  },
): TaskRouteHandler {
  const refuse = (error: unknown) =>
    failureResponse(error, (cause) => reportTo(onError, cause, ''));
  return async (request, context) => {
    const invocation = beginInvocation(maxRunMs);
    const response = await handler(request, context, invocation).catch(refuse);
    return closeBehind(response, streamContext.draining);
  };
}
