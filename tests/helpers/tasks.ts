import { randomUUID } from 'node:crypto';
import {
  createMemoryStreamContext,
  type MemoryStreamContextOptions,
  resumeTask,
  type StreamTaskOptions,
  streamTask,
  type TaskReader,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { toTaskStreamContext } from '../../src/server/to-task-stream-context';
import { absolute } from './cursors';

/** A context that shares its tasks with no other test. */
export function createOwnContext(options: MemoryStreamContextOptions = {}): TaskStreamContext {
  return createMemoryStreamContext({ scope: randomUUID(), ...options });
}

export function createId(): string {
  return randomUUID();
}

/** Errors that tasks reported, in order. */
type Reported = unknown[];

/** Starts a task in a context of its own, and notes errors instead of printing them. */
export function startOwnTask<
  Result,
  Input = undefined,
  Steps extends Record<string, number> = Record<string, number>,
  Value = unknown,
>(options: StreamTaskOptions<Input, Result, Steps, Value>) {
  const reported: Reported = [];
  const streamContext = toTaskStreamContext(options.streamContext ?? createOwnContext());
  const task = streamTask({
    onError: (error) => reported.push(error),
    ...options,
    streamContext,
  });
  return { task, reported, streamContext };
}

/** Starts a task and reads its first response to the end. */
export async function runToText<
  Result,
  Input = undefined,
  Steps extends Record<string, number> = Record<string, number>,
  Value = unknown,
>(options: StreamTaskOptions<Input, Result, Steps, Value>) {
  const started = startOwnTask(options);
  const response = await started.task.toResponse();
  return { ...started, response, text: await response.text() };
}

/** A request to follow a task, with or without a cursor. */
export function followRequest(cursor?: string): Request {
  return new Request('http://localhost/task', {
    headers: cursor === undefined ? {} : { 'last-event-id': cursor },
  });
}

/** Follows a task from a cursor, which may be relative. */
export async function follow(
  streamContext: TaskStreamContext,
  taskId: string,
  cursor?: string,
): Promise<Response> {
  const at = cursor && (await absolute(streamContext, taskId, cursor));
  return resumeTask({ taskId, streamContext, request: followRequest(at) }).toResponse();
}

/** The chunks of the whole log, uncompacted, as JSON. */
export async function readLog(
  streamContext: TaskStreamContext,
  taskId: string,
  owner?: string,
): Promise<string[]> {
  const reader = await streamContext.read(taskId, { owner });
  if (!reader) throw new Error(`There is no task ${taskId}.`);
  return readToEnd(reader);
}

/** The chunks from where the reader is to the end, as JSON. */
export async function readToEnd(reader: TaskReader): Promise<string[]> {
  const log: string[] = [];
  for await (const { data, offset, start, end } of reader) {
    log.push(...data.slice(start - offset, end - offset));
  }
  return log;
}
