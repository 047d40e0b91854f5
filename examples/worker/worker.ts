import { createTaskRoute } from 'ai-task-stream/server';
import { report } from '../lib/report';

/** What a worker's runtime passes to `fetch` beside the request. */
interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void;
}

export default {
  async fetch(request: Request, _env: unknown, context: WorkerContext): Promise<Response> {
    const { method } = request;
    const { pathname } = new URL(request.url);
    const route = createTaskRoute(report, {
      // Without this, the runtime stops the work of a request when its client leaves.
      waitUntil: (promise) => context.waitUntil(promise),
      cancelOnDisconnect: pathname === '/api/watched-report',
      // Some runtimes notice that a client has left only when they send it something.
      heartbeatMs: 1_000,
    });
    if (method === 'POST' || method === 'GET' || method === 'DELETE') return route[method](request);
    return new Response('Use POST, GET or DELETE.', { status: 405 });
  },
};
