import type { TaskError } from '../protocol/task-error';
import { createTaskId } from '../protocol/task-id';
import type { TaskLogData } from '../protocol/task-parts';
import type { TaskEnd, TaskStreamState } from '../ui';
import { cancelTask } from '../ui/cancel-task';
import { clientError } from '../ui/client-error';
import { followTask, type ReceivedChunk } from '../ui/follow-task';
import { createItemNews } from '../ui/new-items';
import type { TaskClientOptions } from '../ui/task-client-options';
import { requestTask } from '../ui/task-request';
import { createCore, deriveState, reduceChunks } from '../ui/task-stream-state';
import { mayHaveArrived } from './may-have-arrived';
import type { FollowCommand } from './parse-arguments';

/** Whom to tell while a task is followed. */
export interface FollowListener {
  onChunk: (chunk: ReceivedChunk) => void;
  /** Gets the state after each change, and how many partial results that state has. */
  onState: (state: TaskStreamState, partialCount: number) => void;
  /** Gets a line of the task's log, after `onState` got the state that holds it. */
  onLog: (log: TaskLogData) => void;
  /** Gets a partial result, after `onState` got the state that holds it. */
  onPartial: (value: unknown) => void;
}

/**
 * Does what the command asks for, over as many connections as that takes. Resolves with the
 * settlement, or with why there is none: with the code `aborted` when the signal has aborted.
 *
 * @param onReached Called once there may be a task to come back to: when it was named, or when the
 * request that starts it may have come to a server.
 */
export async function followCommand(
  command: FollowCommand,
  { onChunk, onState, onLog, onPartial }: FollowListener,
  signal: AbortSignal,
  onReached: () => void = () => {},
): Promise<TaskEnd> {
  const { api, headers, input, taskId = createTaskId() } = command;
  const { maxAttempts, maxElapsedMs } = command;
  const options: TaskClientOptions = { api, headers, reconnect: { maxAttempts, maxElapsedMs } };
  const controller = new AbortController();
  const leave = () => controller.abort();
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();

  let core = createCore<unknown, unknown>(taskId);
  const findNews = createItemNews();
  // The body of the request that starts the task, which is repeated until it is answered.
  let body = input === undefined ? undefined : `{"taskId":"${taskId}","input":${input}}`;
  let isReached = false;
  let isCancelling = false;
  let refused: TaskError | undefined;

  function commit(next: typeof core): void {
    if (next === core) return;
    core = next;
    onState(deriveState(core), core.task.partials.length);
  }

  function reached(): void {
    if (!isReached) onReached();
    isReached = true;
  }
  if (body === undefined) reached();

  async function cancel(): Promise<void> {
    if (!command.cancel || isCancelling) return;
    isCancelling = true;
    const { reason } = command;
    const { signal } = controller;
    let isHeard = false;
    const send = async () => {
      const response = await requestTask(options, { method: 'DELETE', taskId, reason, signal });
      isHeard = response.ok;
      return response;
    };
    // When the task is over already, the server says so, and the stream tells the outcome.
    if ((await cancelTask(options, send, signal)) || isHeard) return;
    if (core.task.settlement || signal.aborted) return;
    refused = clientError('refused', 'The server did not take the request to cancel.');
    leave();
  }

  const failure = await followTask(options, {
    async connect(cursor, attemptSignal) {
      const request = { taskId, body, cursor, signal: attemptSignal };
      const response = await requestTask(options, request).catch((error: unknown) => {
        if (mayHaveArrived(error, attemptSignal)) reached();
        throw error;
      });
      if (response.ok) reached();
      return response;
    },
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
      const news = findNews(core.task, chunks);
      news.logs.forEach(onLog);
      news.partials.forEach(onPartial);
    },
    getTask: () => core.task,
  });
  // Aborts a request to cancel that is still under way.
  leave();
  signal.removeEventListener('abort', leave);
  if (core.task.settlement) return core.task.settlement;
  const left = clientError('aborted', isReached ? 'Left. The task goes on.' : 'Left.');
  return { status: 'unsettled', taskId, error: refused ?? failure?.error ?? left };
}
