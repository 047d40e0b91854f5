import type { UIMessageChunk } from 'ai';
import type { TaskErrorData } from '../protocol/index';
import type {
  InferTaskPartial,
  InferTaskResult,
  InferTaskStep,
  Jsonified,
} from '../protocol/task-types';
import type { TaskTransformer } from '../server/index';
import type { StreamEvent } from '../ui/event-parser';
import { readEventStream } from '../ui/read-event-stream';
import { readRefusal } from '../ui/task-request';
import { type SeenTask, seeTask } from './seen-task';

/** What a response has told of a task. */
export interface ReadTask<Result = unknown, Value = unknown, StepName extends string = string>
  extends SeenTask<Result, Value, StepName> {
  /** The status of the response. */
  readonly status: number;
  /** Why the server refused, where it did. */
  readonly refusal: TaskErrorData | undefined;
  /** The cursor of the last chunk, for `Last-Event-ID`. */
  readonly cursor: string | undefined;
  /** How many heartbeats came. */
  readonly heartbeatCount: number;
  /** Whether the whole log of a task that is over came: the response ended with `[DONE]`. */
  readonly isDone: boolean;
}

/** Options of `readTask`. */
export interface ReadTaskResponseOptions {
  /**
   * Called after each read with what has come until then. Once it returns true, the response is left
   * as by a page that is closed. Default: the response is read to its end.
   */
  until?: (seen: SeenTask) => boolean;
}

/** What `readTask` is: the types of the task come from the type argument. */
export interface ReadTaskResponse {
  /** With a transformer, values have the types that they have on the server. */
  <Task = unknown>(
    response: Response,
    options: ReadTaskResponseOptions & { transformer: TaskTransformer },
  ): Promise<ReadTask<InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>>;
  /** Without one, results and partial results are what JSON makes of them. */
  <Task = unknown>(
    response: Response,
    options?: ReadTaskResponseOptions,
  ): Promise<
    ReadTask<
      Jsonified<InferTaskResult<Task>>,
      Jsonified<InferTaskPartial<Task>>,
      InferTaskStep<Task>
    >
  >;
}

/**
 * Reads the answer of a task's route, and tells what a page would know of the task. Give it the
 * task's type, `readTask<typeof report>(response)`, to have result, partial results and steps typed.
 */
export const readTask: ReadTaskResponse = readResponse as ReadTaskResponse;

async function readResponse(
  response: Response,
  { until, transformer }: ReadTaskResponseOptions & { transformer?: TaskTransformer } = {},
): Promise<ReadTask> {
  const chunks: UIMessageChunk[] = [];
  let cursor: string | undefined;
  let heartbeatCount = 0;
  let isDone = false;

  const note = ({ id, data }: StreamEvent) => {
    if (data === '[DONE]') isDone = true;
    else if (id === undefined) heartbeatCount++;
    else {
      cursor = id;
      chunks.push(JSON.parse(data));
    }
  };

  const refusal = response.ok ? undefined : (await readRefusal(response)).error.toJSON();
  if (response.ok && response.body) {
    await readEventStream(response.body, async (events) => {
      for (const event of events) note(event);
      return !until?.(seeTask(chunks, transformer));
    });
  }
  const { status } = response;
  return { ...seeTask(chunks, transformer), status, refusal, cursor, heartbeatCount, isDone };
}
