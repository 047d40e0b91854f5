import type { OnWaiting } from '../log/piece-reader';
import type { TaskStreamContext } from '../log/task-stream-context';
import type { PlainDefinition } from '../plain-definition';
import { isActive, type ReaderRequest, whoTakes } from '../recovery/who-takes';
import { type TakeTaskSettings, takeTask } from '../take-task';
import { reportTo } from '../task/mask-error';
import { runningTasks } from '../task/running-tasks';
import { isAttemptedHere } from '../task/take-again';
import { createDeferred } from '../time/deferred';
import { pause } from '../time/pause';
import type { TaskSlots } from './task-slots';

/** A response by which a task may be taken up that waits. */
export interface WatchedResponse {
  /** To be called whenever the response finds that its task waits. */
  readonly onWaiting: OnWaiting;
  /** To be called when the response has ended. */
  readonly onLeave: () => void;
  /** Resolves once the response has ended, and what was taken by it is over. */
  readonly over: Promise<void>;
}

export interface ReaderTakersOptions extends Omit<TakeTaskSettings, 'streamContext'> {
  task: { readonly options: PlainDefinition };
  streamContext: TaskStreamContext;
  heartbeatMs: number | undefined;
  slots: TaskSlots;
  maxRunning: number;
}

/**
 * The longest that a process waits before it takes a task that was handed over, so that not all try at
 * once, in milliseconds.
 */
const handOverSpreadMs = 200;

/** Lets the processes whose pages follow a task that waits take it up. */
export interface ReaderTakers {
  /** `undefined` when nothing may be taken up by that request. */
  watch(request: Request, taskId: string, owner: string | undefined): WatchedResponse | undefined;
}

function askedBy({ method, headers }: Request): ReaderRequest {
  return {
    method,
    mode: headers.get('sec-fetch-mode') ?? undefined,
    purpose: headers.get('sec-purpose') ?? headers.get('purpose') ?? undefined,
  };
}

export function createReaderTakers({
  task,
  streamContext,
  slots,
  maxRunning,
  heartbeatMs = 5_000,
  ...settings
}: ReaderTakersOptions): ReaderTakers {
  const { name, version = 1, retry } = task.options;
  const versions = new Map([[name, version]]);
  // The tasks that this route is about to take, whichever response has found them.
  const underWay = new Set<string>();

  const mayTake = (request: ReaderRequest) =>
    whoTakes(
      { runner: 'any', definition: name, version },
      {
        ...{ runner: 'any', versions, isDraining: false, request, maxRunning },
        running: runningTasks(streamContext).size,
      },
    ) === 'take';

  const takeNow = (taskId: string) =>
    takeTask(task, taskId, { ...settings, heartbeatMs, streamContext }).catch((error: unknown) =>
      reportTo(settings.onError, error, taskId),
    );

  /** Resolves once the task is over, if it was taken. */
  const take = async (
    taskId: string,
    owner: string | undefined,
    request: ReaderRequest,
    maxSpreadMs: number,
  ): Promise<void> => {
    if (underWay.has(taskId) || isAttemptedHere(streamContext, taskId)) return;
    underWay.add(taskId);
    await pause(Math.random() * maxSpreadMs);
    const slot = await slots.take(owner);
    // Nothing may come between this decision and the take, which counts itself.
    const end = slot && mayTake(request) ? await takeNow(taskId) : undefined;
    slot?.hold(end?.settled);
    underWay.delete(taskId);
    await end?.released;
  };

  return {
    watch(request, taskId, owner) {
      const asked = askedBy(request);
      if (!retry || !isActive(asked)) return undefined;
      const { promise: left, resolve: onLeave } = createDeferred();
      const taken = new Set<Promise<void>>();
      const over = left.then(() => Promise.all(taken)).then(() => {});
      return {
        onWaiting({ isAfterLoss }) {
          const maxSpreadMs = isAfterLoss ? heartbeatMs : handOverSpreadMs;
          const taking = take(taskId, owner, asked, maxSpreadMs).finally(() =>
            taken.delete(taking),
          );
          taken.add(taking);
        },
        onLeave,
        over,
      };
    },
  };
}
