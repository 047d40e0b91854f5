import {
  type CreateTaskRouteOptions,
  createTaskRoute,
  type DefinedExecuteOptions,
  defineTask,
} from 'ai-task-stream/server';
import { vi } from 'vitest';
import { z } from 'zod';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { createOwnContext } from '../../helpers/tasks';

const schema = z.object({ prompt: z.string(), count: z.coerce.number().default(1) });

type Execute = (
  options: DefinedExecuteOptions<z.output<typeof schema>, string, unknown>,
) => unknown;

export function createRoute(
  options: CreateTaskRouteOptions = {},
  execute: Execute = ({ input }) => input,
) {
  const streamContext = toTaskStreamContext(options.streamContext ?? createOwnContext());
  const reported: unknown[] = [];
  const run = vi.fn(execute);
  const task = defineTask({ name: 'draw', input: schema, execute: run });
  const onError = (error: unknown) => reported.push(error);
  const route = createTaskRoute(task, { onError, ...options, streamContext });
  return { ...route, streamContext, execute: run, reported };
}

export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function get(taskId: string, headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost/task?taskId=${encodeURIComponent(taskId)}`, { headers });
}

export function del(
  taskId: string,
  reason?: string,
  headers: Record<string, string> = {},
): Request {
  const url = new URL(`http://localhost/task?taskId=${encodeURIComponent(taskId)}`);
  if (reason !== undefined) url.searchParams.set('reason', reason);
  return new Request(url, { method: 'DELETE', headers });
}

export async function answerOf(response: Response) {
  return { status: response.status, body: await response.json() };
}

export const notFound = {
  status: 404,
  body: {
    error: {
      code: 'not-found',
      message: 'There is no such task, or its log is no longer kept. Start it anew.',
    },
  },
};

export const invalidTaskId = {
  status: 400,
  body: {
    error: {
      code: 'invalid-task-id',
      message: 'A taskId is a string of 16 to 128 characters of A-Z, a-z, 0-9, "_" and "-".',
    },
  },
};

export const input = { prompt: 'A cat' };
