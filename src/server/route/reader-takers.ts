import type { WaitingResponse } from '../http/text-source';
import type { TaskStreamContext } from '../log/task-stream-context';
import type { PlainDefinition } from '../plain-definition';
import type { Invocation } from '../recovery/invocation';
import {
  isActive,
  type ReaderRequest,
  type Taker,
  type TakingDecision,
  whoTakes,
} from '../recovery/who-takes';
import { type TakeTaskSettings, takeTask } from '../take-task';
import { reportTo } from '../task/mask-error';
import type { RunTimeOptions } from '../task/run-time';
import { runningTasks } from '../task/running-tasks';
import { isAttemptedHere } from '../task/take-again';
import { createDeferred } from '../time/deferred';
import { pause } from '../time/pause';
import type { TaskSlots } from './task-slots';

/** A response by which a task may be taken up that waits. */
export interface WatchedResponse {
  /** To be called whenever the response finds that its task waits. */
  readonly onWaiting: (response: WaitingResponse) => void;
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
 * The longest that a process waits before it takes a task, so that not all try at once, in milliseconds:
 * one that was handed over, and one whose runner was lost, which more processes find at the same time.
 */
const handOverSpreadMs = 200;
const lossSpreadMs = 500;

/** Lets the processes whose pages follow a task that waits take it up. */
export interface ReaderTakers {
  /**
   * To be called as soon as the request is there. `undefined` when it is nobody's who would follow the
   * task.
   *
   * @param options.isStart Whether it is a request to start the task, which takes nothing.
   * @param options.invocation Set where the host ends the process some time after the request.
   */
  watch(
    request: Request,
    options: { isStart: boolean; invocation: Invocation | undefined },
  ): RequestWatch | undefined;
}

/** Knows what a request may do about a task that waits. */
interface RequestWatch {
  /** To be called once it is known which task the request is answered with. */
  respond(taskId: string, owner: string | undefined): WatchedResponse;
}

/** What the headers of a request tell of it. */
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

  const isDraining = () => streamContext.draining?.begun.aborted === true;

  const decide = (taskId: string, taker: Pick<Taker, 'request' | 'invocation'>): TakingDecision => {
    // This process goes on with the task by itself.
    if (isAttemptedHere(streamContext, taskId)) return 'leave';
    const running = runningTasks(streamContext).size;
    return whoTakes(
      { runner: 'any', definition: name, version },
      { ...{ runner: 'any', versions, isDraining: isDraining(), running, maxRunning }, ...taker },
    );
  };

  const takeNow = (taskId: string, runTime: RunTimeOptions | undefined) =>
    takeTask(task, taskId, { ...settings, ...runTime, heartbeatMs, streamContext }).catch(
      (error: unknown) => reportTo(settings.onError, error, taskId),
    );

  return {
    watch(request, { isStart, invocation }) {
      const asked = { ...askedBy(request), isStart, isFromBeforeDrain: !isDraining() };
      if (!retry || !isActive(asked)) return undefined;
      // An invocation has little time to take a task in.
      const longestSpreadMs = (invocation?.maxRunMs ?? Number.POSITIVE_INFINITY) / 8;
      const spread = (maxMs: number) => pause(Math.random() * Math.min(maxMs, longestSpreadMs));
      return {
        respond(taskId, owner) {
          const { promise: left, resolve: onLeave } = createDeferred();
          const taken = new Set<Promise<void>>();

          const decideNow = ({ isWaiting }: WaitingResponse) =>
            isWaiting()
              ? decide(taskId, { request: asked, invocation: invocation?.spent() })
              : 'leave';

          /** Resolves once the task is over, if it was taken. */
          const take = async (response: WaitingResponse): Promise<void> => {
            if (underWay.has(taskId)) return;
            underWay.add(taskId);
            await spread(response.isAfterLoss ? lossSpreadMs : handOverSpreadMs);
            const slot = await slots.take(owner);
            // Nothing may come between this decision and the take, which counts itself.
            const decision = slot ? decideNow(response) : 'leave';
            const run =
              decision === 'take' ? await takeNow(taskId, invocation?.runTime()) : undefined;
            slot?.hold(run?.settled);
            underWay.delete(taskId);
            if (decision === 'end') response.end();
            await run?.released;
          };

          const endSoon = async (response: WaitingResponse): Promise<void> => {
            await spread(handOverSpreadMs);
            if (decideNow(response) === 'end') response.end();
          };

          return {
            onWaiting(response) {
              const decision = decideNow(response);
              if (decision === 'leave') return;
              const acting = decision === 'take' ? take(response) : endSoon(response);
              taken.add(acting);
              acting.finally(() => taken.delete(acting));
            },
            onLeave,
            over: left.then(() => Promise.all(taken)).then(() => {}),
          };
        },
      };
    },
  };
}
