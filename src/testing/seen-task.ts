import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskState } from '../protocol/index';
import type { TaskTransformer } from '../server/index';
import { createCore, reduceChunks } from '../ui/task-stream-state';

/** What a page knows of a task once it has seen some chunks. */
export interface SeenTask<Result = unknown, Value = unknown, StepName extends string = string> {
  /** The state of the task after the last chunk: status, progress, steps, error, settlement. */
  readonly task: TaskState<Result, Value, StepName>;
  /** The task's result, once it is completed. */
  readonly result: Result | undefined;
  /** All chunks that were stored, in their order. */
  readonly chunks: readonly UIMessageChunk[];
  /** The messages of the task's log lines. */
  readonly logs: readonly string[];
  /** The text that was streamed. */
  readonly text: string;
  /** The assistant's message that the chunks make, as `useChat` would show it. */
  readonly message: UIMessage;
}

/** What a page would know of a task after these chunks. */
export function seeTask<Result, Value, StepName extends string>(
  chunks: readonly UIMessageChunk[],
  transformer: TaskTransformer | undefined,
): SeenTask<Result, Value, StepName> {
  const { task, answer } = reduceChunks(createCore<Result, Value>(), chunks, transformer);
  const { message } = answer;
  return {
    // A cast, because the names of steps are known to the task's type only.
    task: task as TaskState<Result, Value, StepName>,
    result: task.settlement?.result,
    chunks,
    logs: task.logs.map((line) => line.message),
    text: message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    message,
  };
}
