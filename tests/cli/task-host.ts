import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type CreateTaskRouteOptions,
  createTaskRoute,
  type DefineTaskOptions,
  defineTask,
  toNodeHandler,
} from 'ai-task-stream/server';
import { onCleanUp } from '../helpers/clean-up';
import { startHttpServer } from '../helpers/http-server';
import { createOwnContext } from '../helpers/tasks';

type Definition = Omit<
  DefineTaskOptions<undefined, unknown, Record<string, number>, unknown>,
  'name'
>;

/** A route over real HTTP. */
export interface TaskHost {
  /** Its address. */
  api: string;
  /** The address of a task, and its id. */
  task: { url: string; id: string };
  requests: Pick<IncomingMessage, 'method' | 'headers'>[];
  /** Starts `task`, without reading it. */
  start(input?: unknown): Promise<void>;
  /** Breaks all connections. */
  cut(): void;
}

/** Serves a task until the test is over. */
export async function startTaskHost(
  definition: Definition,
  options: CreateTaskRouteOptions = {},
): Promise<TaskHost> {
  const streamContext = createOwnContext();
  const route = createTaskRoute(defineTask({ name: 'report', graceMs: 100, ...definition }), {
    streamContext,
    onError: () => {},
    ...options,
  });
  const handle = toNodeHandler(route);
  const requests: TaskHost['requests'] = [];
  const { origin, cut, stop } = await startHttpServer((request, response) => {
    requests.push({ method: request.method, headers: request.headers });
    return handle(request, response);
  });
  const id = randomUUID();
  const api = `${origin}/api/report`;
  onCleanUp(async () => {
    await stop();
    await streamContext.cancel(id);
    await streamContext.close();
  });
  return {
    api,
    task: { url: `${api}?taskId=${id}`, id },
    requests,
    async start(input) {
      const response = await fetch(api, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId: id, input }),
      });
      await response.body?.cancel();
    },
    cut,
  };
}
