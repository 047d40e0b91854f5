import { growTask } from '../protocol/grow-task';
import { stillTask } from '../protocol/still-task';
import type { TaskErrorData } from '../protocol/task-error';
import { isTaskPart } from '../protocol/task-parts';
import { estimateRemainingMs, taskPercent } from '../protocol/task-progress';
import { initialTaskState, type TaskState } from '../protocol/task-state';
import type { ReceivedChunk } from './follow-task';
import { pageFault } from './page-fault';
import { type RewindableMessage, reduceRewindableMessage } from './rewindable-message';
import type { TaskConnection, TaskStreamState, TaskTransformer } from './task-stream-types';

/** The part of a store's state that the rest is derived from. */
export interface TaskStreamCore<Result, Value> {
  task: TaskState<Result, Value>;
  answer: RewindableMessage;
  connection: TaskConnection;
  isStalled: boolean;
  /** Why the client stopped following. */
  failure?: TaskErrorData | undefined;
}

/** The core of a store that knows at most a task's name. */
export function createCore<Result, Value>(taskId?: string): TaskStreamCore<Result, Value> {
  return {
    task: taskId === undefined ? initialTaskState : { ...initialTaskState, taskId },
    answer: { message: { id: '', role: 'assistant', parts: [] } },
    connection: 'idle',
    isStalled: false,
  };
}

/** Derives the state that a page sees. */
export function deriveState<Result, Value>({
  task,
  answer,
  failure,
  ...rest
}: TaskStreamCore<Result, Value>): TaskStreamState<Result, Value> {
  const { taskId, status, settlement } = task;
  const isLeft = failure && !settlement;
  return stillTask(task, {
    ...rest,
    message: answer.message,
    status: taskId === undefined ? 'idle' : isLeft ? 'unsettled' : status,
    isActive: !settlement && !/idle|closed/.test(rest.connection),
    result: settlement?.result,
    error: failure ?? (status === 'cancelled' ? undefined : task.error),
    percent: taskPercent(task),
    remainingMs: isLeft ? undefined : estimateRemainingMs(task),
  });
}

/**
 * Takes in the chunks of one network read; returns the same core when they change nothing. The
 * former core must not be used any more, because its lists may have grown.
 */
export function reduceChunks<Result, Value>(
  core: TaskStreamCore<Result, Value>,
  chunks: readonly ReceivedChunk[],
  transformer: TaskTransformer | undefined,
): TaskStreamCore<Result, Value> {
  // Values are parsed before any list grows, because one that cannot be parsed throws.
  const revived = transformer ? chunks.map((chunk) => revive(chunk, transformer)) : chunks;
  const task = revived.reduce((last, chunk) => growTask(last, chunk), core.task);
  const { taskId } = task;
  const answer = chunks.reduce(
    (last, chunk) => reduceRewindableMessage(last, chunk, taskId),
    core.answer,
  );
  return task === core.task && answer === core.answer ? core : { ...core, task, answer };
}

/** Parses the partial value or the result that a chunk holds as text. */
function revive(chunk: ReceivedChunk, transformer: TaskTransformer): ReceivedChunk {
  if (!isTaskPart(chunk)) return chunk;
  const field = chunk.type === 'data-task-settle' ? 'result' : 'value';
  const text: unknown = Reflect.get(chunk.data, field);
  if (typeof text !== 'string') return chunk;
  const revived = { ...chunk, data: { ...chunk.data, [field]: parseText(transformer, text) } };
  return revived;
}

/** @throws TaskError `page-failed` when the transformer throws. */
export function parseText(transformer: TaskTransformer, text: string): unknown {
  try {
    return transformer.parse(text);
  } catch (cause) {
    throw pageFault('`transformer.parse`', cause);
  }
}
