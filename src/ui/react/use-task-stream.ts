import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type {
  InferTaskInput,
  InferTaskPartial,
  InferTaskResult,
  InferTaskStep,
  Jsonified,
} from '../../protocol/task-types';
import type { TaskTransformer } from '../task-stream-types';
import { createMountedTaskStream } from './create-mounted-task-stream';
import { useMessageTask } from './use-message-task';
import type {
  UseMessageTaskOptions,
  UseMessageTaskResult,
  UseTaskStreamOptions,
  UseTaskStreamResult,
} from './use-task-stream-types';

const withoutMessage: UseMessageTaskOptions = {
  message: { id: '', role: 'assistant', parts: [] },
};
const withoutTask: UseTaskStreamOptions = { api: '' };

/**
 * Shows a task inside a message of `useChat`: its snapshot and outcome from the message, its logs
 * and partial results from the chunks that `TaskChatTransport` received.
 */
export function useTaskStream<Task = unknown>(
  options: UseMessageTaskOptions & { transformer: TaskTransformer },
): UseMessageTaskResult<InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>;
export function useTaskStream<Task = unknown>(
  options: UseMessageTaskOptions,
): UseMessageTaskResult<
  Jsonified<InferTaskResult<Task>>,
  Jsonified<InferTaskPartial<Task>>,
  InferTaskStep<Task>
>;

/**
 * Starts a task from a component and shows it while it goes. Give it the task's type,
 * `useTaskStream<typeof generateImage>(…)`, to have input, result, partial results and steps typed;
 * without a transformer they are what JSON makes of them. When the component unmounts it leaves
 * the task, which goes on.
 */
export function useTaskStream<Task = unknown>(
  options: UseTaskStreamOptions<InferTaskResult<Task>, InferTaskPartial<Task>> & {
    transformer: TaskTransformer;
  },
): UseTaskStreamResult<
  InferTaskInput<Task>,
  InferTaskResult<Task>,
  InferTaskPartial<Task>,
  InferTaskStep<Task>
>;
export function useTaskStream<Task = unknown>(
  options: UseTaskStreamOptions<
    Jsonified<InferTaskResult<Task>>,
    Jsonified<InferTaskPartial<Task>>
  >,
): UseTaskStreamResult<
  InferTaskInput<Task>,
  Jsonified<InferTaskResult<Task>>,
  Jsonified<InferTaskPartial<Task>>,
  InferTaskStep<Task>
>;
export function useTaskStream(
  options: UseTaskStreamOptions | UseMessageTaskOptions,
): UseTaskStreamResult | UseMessageTaskResult {
  const isOfMessage = 'message' in options;
  // Both hooks at each render, because the order of hooks must stay the same; one of them idles.
  const ofMessage = useMessageTask(isOfMessage ? options : withoutMessage);
  const own = useOwnTask(isOfMessage ? withoutTask : options);
  return isOfMessage ? ofMessage : own;
}

function useOwnTask(options: UseTaskStreamOptions): UseTaskStreamResult {
  const [stream] = useState(() => createMountedTaskStream(options));
  const { resume, taskId } = options;
  const state = useSyncExternalStore(stream.subscribe, stream.getState, stream.getInitialState);
  // Insertion effects run before all others of the page, so that those meet the newest callbacks.
  useInsertionEffect(() => stream.update(options));
  useEffect(() => stream.mount(), [stream]);
  useEffect(() => stream.autoResume({ resume, taskId }), [stream, resume, taskId]);
  return useMemo(() => ({ ...state, ...stream.actions }), [state, stream]);
}
