import type { TaskErrorData } from '../protocol/task-error';
import { isTaskPart } from '../protocol/task-parts';
import { estimateRemainingMs, taskPercent } from '../protocol/task-progress';
import { initialTaskState, reduceTaskChunk, type TaskState } from '../protocol/task-state';
import { reduceUIMessageChunk } from '../protocol/ui-message';
import type { ReceivedChunk } from './follow-task';
import type { TaskConnection, TaskStreamState, TaskTransformer } from './task-stream-types';

/** The part of the state that is not derived. */
export interface TaskStreamCore<Result, Value> {
  task: TaskState<Result, Value>;
  message: TaskStreamState['message'];
  connection: TaskConnection;
  isStalled: boolean;
  /** Why the client stopped. */
  failure?: TaskErrorData | undefined;
}

/** The core of a store that knows at most a task's name. */
export function createCore<Result, Value>(taskId?: string): TaskStreamCore<Result, Value> {
  return {
    task: taskId === undefined ? initialTaskState : { ...initialTaskState, taskId },
    message: { id: '', role: 'assistant', parts: [] },
    connection: 'idle',
    isStalled: false,
  };
}

/** What the core comes to for a page. */
export function deriveState<Result, Value>({
  task,
  failure,
  ...rest
}: TaskStreamCore<Result, Value>): TaskStreamState<Result, Value> {
  return {
    ...task,
    ...rest,
    isActive: !task.settlement && !/idle|closed/.test(rest.connection),
    result: task.settlement?.result,
    error: failure ?? task.error,
    percent: taskPercent(task),
    remainingMs: estimateRemainingMs(task),
  };
}

/** Takes in the chunks of one network read; the same core when they change nothing. */
export function reduceChunks<Result, Value>(
  core: TaskStreamCore<Result, Value>,
  chunks: readonly ReceivedChunk[],
  transformer: TaskTransformer | undefined,
): TaskStreamCore<Result, Value> {
  let { task, message } = core;
  for (const chunk of chunks) {
    message = reduceUIMessageChunk(message, chunk);
    task = reduceTaskChunk(task, transformer ? revive(chunk, transformer) : chunk);
  }
  return task === core.task && message === core.message ? core : { ...core, task, message };
}

/** Parses the partial value or the result that a chunk holds as text. */
function revive(chunk: ReceivedChunk, transformer: TaskTransformer): ReceivedChunk {
  if (!isTaskPart(chunk)) return chunk;
  const field = chunk.type === 'data-task-settle' ? 'result' : 'value';
  const text: unknown = Reflect.get(chunk.data, field);
  if (typeof text !== 'string') return chunk;
  const revived = { ...chunk, data: { ...chunk.data, [field]: transformer.parse(text) } };
  return revived;
}
