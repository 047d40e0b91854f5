import type { Draining } from '../log/draining';

/** Responses that have begun while their process took leave. */
const closing = new WeakSet<Response>();

/**
 * Takes note of a response that begins while its process takes leave: its connection is not to be used
 * again, because the client's next request would come to the same process.
 */
export function closeBehind(response: Response, draining: Draining | undefined): Response {
  if (draining?.begun.aborted) closing.add(response);
  return response;
}

/** Whether the connection is to be closed behind a response, where the protocol knows such a thing. */
export function isLastOfConnection(response: Response): boolean {
  return closing.has(response);
}
