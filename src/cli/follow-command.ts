import type { TaskError } from '../protocol/task-error';
import { createTaskId } from '../protocol/task-id';
import type { TaskEnd, TaskStreamState } from '../ui';
import { cancelTask } from '../ui/cancel-task';
import { clientError } from '../ui/client-error';
import { followTask, type ReceivedChunk } from '../ui/follow-task';
import type { TaskClientOptions } from '../ui/task-client-options';
import { requestTask } from '../ui/task-request';
import { createCore, deriveState, reduceChunks } from '../ui/task-stream-state';
import type { FollowCommand } from './parse-arguments';

/** Whom to tell while a task is followed. */
export interface FollowListener {
  onChunk: (chunk: ReceivedChunk) => void;
  /** The state after one network read, and the one before it. */
  onState: (state: TaskStreamState, before: TaskStreamState) => void;
}

/**
 * Does what the command asks for, over as many connections as that takes. Resolves with the
 * settlement, or with why there is none; the code is `aborted` when the signal was.
 */
export async function followCommand(
  command: FollowCommand,
  { onChunk, onState }: FollowListener,
  signal: AbortSignal,
): Promise<TaskEnd> {
  const { api, headers, input, taskId = createTaskId() } = command;
  const { maxAttempts, maxElapsedMs } = command;
  const options: TaskClientOptions = { api, headers, reconnect: { maxAttempts, maxElapsedMs } };
  const controller = new AbortController();
  const leave = () => controller.abort();
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();

  let core = createCore<unknown, unknown>(taskId);
  let state = deriveState(core);
  // What starts the task; repeated until there is an answer.
  let body = input === undefined ? undefined : `{"taskId":"${taskId}","input":${input}}`;
  let isCancelling = false;
  let refused: TaskError | undefined;

  function commit(next: typeof core): void {
    if (next === core) return;
    core = next;
    const before = state;
    state = deriveState(core);
    onState(state, before);
  }

  async function cancel(): Promise<void> {
    if (!command.cancel || isCancelling) return;
    isCancelling = true;
    const { reason } = command;
    const send = () =>
      requestTask(options, { method: 'DELETE', taskId, reason, signal: controller.signal });
    if (await cancelTask(options, send, controller.signal)) return;
    if (core.task.settlement || controller.signal.aborted) return;
    refused = clientError('refused', 'The server did not take the request to cancel.');
    leave();
  }

  const failure = await followTask(options, {
    connect: (cursor, attemptSignal) =>
      requestTask(options, { taskId, body, cursor, signal: attemptSignal }),
    isStarting: () => body !== undefined,
    cursor: undefined,
    signal: controller.signal,
    onConnected(isConnected) {
      if (isConnected) {
        body = undefined;
        void cancel();
      }
      commit({ ...core, connection: isConnected ? 'connected' : 'reconnecting' });
      // After the outcome, the rest is not worth another attempt.
      if (!isConnected && core.task.settlement) leave();
    },
    onStalled(isStalled) {
      if (isStalled !== core.isStalled) commit({ ...core, isStalled });
    },
    onChunks(chunks) {
      for (const chunk of chunks) onChunk(chunk);
      commit(reduceChunks(core, chunks, undefined));
    },
    getTask: () => core.task,
  });
  // Ends a request to cancel that is still under way.
  leave();
  signal.removeEventListener('abort', leave);
  if (core.task.settlement) return core.task.settlement;
  const left = clientError('aborted', 'Left. The task goes on.');
  return { status: 'unsettled', taskId, error: refused ?? failure?.error ?? left };
}
