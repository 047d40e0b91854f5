import type { UIMessageChunk } from 'ai';
import type { TaskState } from 'ai-task-stream';
import { type ReadTask, readTask } from 'ai-task-stream/testing';

type Handler = (request: Request) => Promise<Response>;

/** What a page gets to see of a task. */
export interface Seen<Result, Value> {
  readonly response: Response;
  readonly chunks: readonly UIMessageChunk[];
  readonly state: TaskState<Result, Value>;
}

/** Reads a response to its end, as a page does. */
export async function see<Result = unknown, Value = unknown>(
  response: Response,
): Promise<Seen<Result, Value>> {
  const { chunks, task } = (await readTask(response)) as ReadTask<Result, Value>;
  return { response, chunks, state: task };
}

/** Starts a task by its route, and reads the response to its end. */
export async function runPattern<Result = unknown, Value = unknown>(
  { POST }: { POST: Handler },
  input: unknown,
): Promise<Seen<Result, Value>> {
  return see(await post({ POST }, input));
}

/** Starts a task by its route. */
export function post({ POST }: { POST: Handler }, input: unknown): Promise<Response> {
  return POST(
    new Request('http://localhost/api/task', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input }),
    }),
  );
}
