import { checkFollowOptions } from '../check-options';
import { createTaskStore } from '../create-task-store';
import type { StartTaskOptions, TaskEnd, TaskStreamState } from '../task-stream-types';
import { giveKeyBack, takeKey } from './own-key';
import { paceUpdates } from './pace-updates';
import { recallTask, rememberTask } from './remembered-task';
import type { UseTaskStreamOptions, UseTaskStreamResult } from './use-task-stream-types';

type Actions<Result, Value> = Omit<
  UseTaskStreamResult<unknown, Result, Value>,
  keyof TaskStreamState
>;

/** A store with what a component needs around it: storage, paced updates, mounting. */
export interface MountedTaskStream<Result, Value> {
  readonly actions: Actions<Result, Value>;
  getState(): TaskStreamState<Result, Value>;
  getInitialState(): TaskStreamState<Result, Value>;
  subscribe(listener: () => void): () => void;
  /** Takes over the options of a new render. */
  update(options: UseTaskStreamOptions<Result, Value>): void;
  /** To be called when the component mounts; returns what to call when it unmounts. */
  mount(): () => void;
  /** Follows the task that the options name, unless the store knows it already. */
  autoResume(wanted: Pick<UseTaskStreamOptions, 'resume' | 'taskId'>): void;
}

/** Creates the store of one component. Opens no connection, and does not touch storage yet. */
export function createMountedTaskStream<Result, Value>(
  initialOptions: UseTaskStreamOptions<Result, Value>,
): MountedTaskStream<Result, Value> {
  // The store reads its options at each use, so that new ones may be put in their place.
  const options: UseTaskStreamOptions<Result, Value> = { ...initialOptions };
  const store = createTaskStore(options);
  const initialState = store.getState();
  const paced = paceUpdates(store, () => options.throttleMs);
  let mounts = 0;
  // The task that was followed when the component unmounted, to follow again if it mounts again.
  let leftTaskId: string | undefined;

  // The key that no other hook of the page with the same `api` has, while the component is mounted.
  let ownKey: string | undefined;

  const storageKey = () => options.storageKey ?? ownKey ?? `ai-task-stream:${options.api}`;

  function remember(taskId: string | undefined): void {
    if (options.resume === true || options.storageKey !== undefined) {
      rememberTask(storageKey(), taskId);
    }
  }

  /** Forgets the kept taskId if the server has nothing left of that task. */
  function forgetEnded(end: TaskEnd): void {
    if (end.status !== 'unsettled') return;
    const isGone = end.error.code === 'unsettled' || store.getState().taskId === undefined;
    if (isGone && recallTask(storageKey()) === end.taskId) remember(undefined);
  }

  return {
    getState: paced.getState,
    getInitialState: () => initialState,
    subscribe: paced.subscribe,
    update(next) {
      checkFollowOptions(next);
      for (const name of Object.keys(options)) {
        if (!(name in next)) Reflect.deleteProperty(options, name);
      }
      Object.assign(options, next);
    },
    mount() {
      mounts += 1;
      if (leftTaskId !== undefined) void store.resume(leftTaskId);
      leftTaskId = undefined;
      return () => {
        mounts -= 1;
        if (ownKey !== undefined) giveKeyBack(ownKey);
        ownKey = undefined;
        // StrictMode unmounts and mounts again in the same turn; the connection has to survive that.
        void Promise.resolve().then(() => {
          if (mounts > 0) return;
          const { isActive, taskId } = store.getState();
          if (isActive) leftTaskId = taskId;
          store.detach();
        });
      };
    },
    autoResume({ resume, taskId: given }) {
      if (resume === true && given === undefined && options.storageKey === undefined) {
        ownKey ??= takeKey(storageKey());
      }
      const taskId = resume === true ? (given ?? recallTask(storageKey())) : resume || undefined;
      if (taskId === undefined || taskId === store.getState().taskId) return;
      void store.resume(taskId, { ifPresent: true }).then(forgetEnded);
    },
    actions: {
      start(input?: unknown, { taskId = options.taskId }: StartTaskOptions = {}) {
        const end = store.start(input, { taskId });
        remember(store.getState().taskId);
        return end;
      },
      cancel: store.cancel,
      detach: store.detach,
      async resume(
        taskId = store.getState().taskId ?? options.taskId ?? recallTask(storageKey()),
        resumeOptions = undefined,
      ) {
        if (taskId === undefined) return undefined;
        const end = store.resume(taskId, resumeOptions);
        remember(taskId);
        return end;
      },
      reset() {
        store.reset();
        remember(undefined);
      },
    },
  };
}
