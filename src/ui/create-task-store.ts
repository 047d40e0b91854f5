import { TaskError } from '../protocol/task-error';
import { callPage } from './call-page';
import { cancelTask } from './cancel-task';
import { checkFollowOptions } from './check-options';
import { clientError } from './client-error';
import { followTask, type ReceivedChunk } from './follow-task';
import { createItemNews } from './new-items';
import { newTaskId } from './new-task-id';
import { pageFault } from './page-fault';
import { createTaskCancel } from './task-cancel';
import { requestTask } from './task-request';
import { createCore, deriveState, reduceChunks } from './task-stream-state';
import type {
  StartTaskOptions,
  TaskEnd,
  TaskStream,
  TaskStreamOptions,
  UnsettledTask,
} from './task-stream-types';
import { writeInput } from './write-input';

/** A task that is being followed: `controller` leaves it, and whoever started it waits for `end`. */
interface Following<Result> {
  readonly controller: AbortController;
  readonly end: Promise<TaskEnd<Result>>;
  readonly resolve: (end: TaskEnd<Result>) => void;
}

/** The store behind `createTaskStream`, typed by the result and not by the task's definition. */
export function createTaskStore<Result, Value>(
  options: TaskStreamOptions<Result, Value>,
): TaskStream<unknown, Result, Value> {
  checkFollowOptions(options);
  const listeners = new Set<() => void>();
  const initialCore = createCore<Result, Value>();
  const initialState = deriveState(initialCore);
  let core = initialCore;
  // Derived from `core` when somebody asks for it.
  let state: typeof initialState | undefined = initialState;
  // Where the task's log was read to.
  let cursor: string | undefined;
  let findNews = createItemNews<Value>();
  let following: Following<Result> | undefined;
  // Aborted when the task has settled or was left: it is not asked again to stop then.
  let cancels = new AbortController();

  function commit(next: typeof core): void {
    core = next;
    state = core === initialCore ? initialState : undefined;
    for (const listener of listeners) callPage(listener);
  }

  function patch(fields: Partial<typeof core>): void {
    commit({ ...core, ...fields });
  }

  /** Ends the connection. Whoever still waits for the task's end gets `unsettled` and the error. */
  function close(error: TaskError, failure?: TaskError): UnsettledTask {
    const { taskId = '' } = core.task;
    const end: UnsettledTask = { status: 'unsettled', taskId, error };
    following?.controller.abort();
    following?.resolve(end);
    following = undefined;
    patch({ connection: 'closed', isStalled: false, failure });
    return end;
  }

  function detach(): void {
    if (following) close(clientError('aborted', 'Left. Resume the task to follow it.'));
  }

  /** Leaves the task, and begins with an empty state: that of another task, or of none. */
  function renew(taskId?: string): void {
    detach();
    cancels.abort();
    cancels = new AbortController();
    cursor = undefined;
    findNews = createItemNews();
    commit(taskId === undefined ? initialCore : createCore(taskId));
  }

  function fail(error: TaskError): UnsettledTask {
    const end = close(error, error);
    callPage(() => options.onError?.(error));
    return end;
  }

  function receive(chunks: readonly ReceivedChunk[], nextCursor: string | undefined): void {
    const receiver = following;
    const before = core.task;
    const next = reduceChunks(core, chunks, options.transformer);
    cursor = nextCursor;
    const news = findNews(next.task, chunks);
    if (next !== core) commit(next);
    const { error, settlement } = next.task;
    for (const log of news.logs) callPage(() => options.onLog?.(log));
    news.partials.forEach((value, index) => {
      callPage(() => options.onPartial?.(value, news.partialIndex + index));
    });
    if (error && error.code !== 'cancelled' && error.code !== before.error?.code) {
      callPage(() => options.onError?.(new TaskError(error)));
    }
    if (settlement && !before.settlement) {
      cancels.abort();
      receiver?.resolve(settlement);
      callPage(() => options.onSettle?.(settlement));
    }
  }

  function follow(taskId: string, body?: string, ifPresent = false): Promise<TaskEnd<Result>> {
    const controller = new AbortController();
    const { signal } = controller;
    let resolve: Following<Result>['resolve'] = () => {};
    const end = new Promise<TaskEnd<Result>>((resolveEnd) => {
      resolve = resolveEnd;
    });
    following = { controller, end, resolve };
    patch({ connection: 'connecting', failure: undefined });
    followTask(options, {
      connect: (from, attemptSignal) =>
        requestTask(options, { taskId, body, cursor: from, signal: attemptSignal }),
      isStarting: () => body !== undefined,
      cursor,
      signal,
      onConnected(isConnected) {
        // The request that starts the task is repeated until it is answered; later ones follow it.
        if (isConnected) body = undefined;
        patch({ connection: isConnected ? 'connected' : 'reconnecting' });
      },
      onStalled(isStalled) {
        if (isStalled !== core.isStalled) patch({ isStalled });
      },
      onChunks: receive,
      getTask: () => core.task,
    })
      // Only a function among the options can throw here, such as `random`.
      .catch((cause: unknown) => ({ error: pageFault('An option', cause), status: undefined }))
      .then((failure) => {
        if (signal.aborted) return;
        if (!failure || core.task.settlement) detach();
        else if (ifPresent && failure.status === 404) renew();
        else fail(failure.error);
      });
    return end;
  }

  return {
    getState() {
      state ??= deriveState(core);
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async start(input?: unknown, given?: StartTaskOptions) {
      const taskId = given?.taskId ?? newTaskId();
      renew(taskId);
      try {
        return follow(taskId, writeInput(taskId, input, options.transformer));
      } catch (error) {
        return fail(error as TaskError);
      }
    },
    cancel: createTaskCancel(async (reason) => {
      const { taskId, settlement } = core.task;
      if (taskId === undefined || settlement) return false;
      // Without a signal: a request under way is not aborted when the task settles before its answer.
      const send = () => requestTask(options, { method: 'DELETE', taskId, reason });
      return cancelTask(options, send, cancels.signal);
    }),
    detach,
    async resume(taskId, { cursor: from, ifPresent } = {}) {
      if (taskId !== core.task.taskId) renew(taskId);
      else if (core.task.settlement) return core.task.settlement;
      else if (following) return following.end;
      cursor = from ?? cursor;
      return follow(taskId, undefined, ifPresent);
    },
    reset: () => renew(),
    dispose() {
      listeners.clear();
      renew();
    },
  };
}
