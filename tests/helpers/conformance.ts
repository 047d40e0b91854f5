// A task's route behind a real server, and ways to look at what it sends.
import type { UIMessageChunk } from 'ai';
import {
  createTaskRoute,
  defineTask,
  streamTask,
  type TaskStreamContext,
  toNodeHandler,
} from 'ai-task-stream/server';
import { expect } from 'vitest';
import type { z } from 'zod';
import { toTaskStreamContext } from '../../src/server/to-task-stream-context';
import { onCleanUp } from './clean-up';
import { startHttpServer } from './http-server';
import { createOwnContext } from './tasks';

type Execute = Parameters<
  typeof streamTask<unknown, unknown, Record<string, number>>
>[0]['execute'];
export type ExecuteGiven = Parameters<Execute>[0];
type RouteOptions = NonNullable<Parameters<typeof createTaskRoute>[1]>;
export type Settings = Partial<Omit<Parameters<typeof streamTask>[0], 'execute'>>;

/** An event as it came: its id, if it had one, and its chunk. */
export interface Received {
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into chunks of all types.
  chunk: any;
}

/** The task that the tests of a route are about. */
export const taskId = 'conformance-task';
const streamHeaders = { accept: 'text/event-stream' };

export function createGate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  // Opened after each test, so that nothing waits for ever when a test fails.
  onCleanUp(open);
  return { opened, open };
}

/** A promise that rejects when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

export function eventsOf(text: string): Received[] {
  return text
    .split('\n\n')
    .filter((event) => event.includes('data: ') && !event.includes('data: [DONE]'))
    .map((event) => {
      const [, id, data] = /^(?:id: (.*)\n)?data: (.*)$/.exec(event) ?? [];
      if (data === undefined) throw new Error(`Not an event of the protocol: ${event}`);
      return { ...(id !== undefined && { id }), chunk: JSON.parse(data) };
    });
}

/** The chunks of a stream without heartbeats. */
export function chunksOf(text: string): Received['chunk'][] {
  return eventsOf(text)
    .map(({ chunk }) => chunk)
    .filter(({ type }) => type !== 'data-task-heartbeat');
}

export function typesOf(text: string): string[] {
  return chunksOf(text).map(({ type }) => type);
}

export function only(text: string, type: string): Received['chunk'] {
  const found = chunksOf(text).filter((chunk) => chunk.type === type);
  expect(found).toHaveLength(1);
  return found[0];
}

/** Runs a task without HTTP and gives the whole response. */
export async function run(execute: Execute, settings: Settings = {}): Promise<string> {
  const task = streamTask({
    streamContext: createOwnContext(),
    onError: () => {},
    ...(settings as object),
    execute,
  });
  return (await task.toResponse()).text();
}

export async function serve(
  execute: (given: ExecuteGiven) => unknown,
  options: RouteOptions & { input?: z.ZodType } = {},
): Promise<{
  url: string;
  port: number;
  context: TaskStreamContext;
  starts: () => number;
  post: (body?: unknown, headers?: HeadersInit) => Promise<Response>;
  get: (query?: string, headers?: HeadersInit) => Promise<Response>;
  remove: (query?: string, headers?: HeadersInit) => Promise<Response>;
}> {
  const { input, ...routeOptions } = options;
  const context = toTaskStreamContext(options.streamContext ?? createOwnContext());
  let starts = 0;
  const definition = defineTask({
    name: 'conformance',
    ...(input && { input }),
    execute: (given) => {
      starts++;
      return execute(given as ExecuteGiven);
    },
  });
  const route = createTaskRoute(definition, {
    streamContext: context,
    onError: () => {},
    ...routeOptions,
  });
  const { origin, port, stop } = await startHttpServer(toNodeHandler(route));
  onCleanUp(stop);
  const url = `${origin}/`;
  return {
    url,
    port,
    context,
    starts: () => starts,
    post: (body = { taskId }, headers) =>
      fetch(url, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers } as HeadersInit,
      }),
    get: (query = `taskId=${taskId}`, headers = streamHeaders) =>
      fetch(`${url}?${query}`, { headers }),
    remove: (query = `taskId=${taskId}`, headers) =>
      fetch(`${url}?${query}`, { method: 'DELETE', ...(headers && { headers }) }),
  };
}

export async function expectRefusal(
  response: Response,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { error, ...others } = (await response.json()) as { error: Record<string, unknown> };
  expect(others).toEqual({});
  expect(error).toMatchObject({ code, message: expect.any(String) });
  return error;
}

/** A stream that has all chunks at hand, and ends after them. */
export function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
