import { atMost } from '../time/at-most';
import { checkDurations } from '../time/check-durations';
import { createTally } from '../time/tally';

/** A response that has to end before its process does. */
export interface LeavingResponse {
  /** To be ended at a random time within so many milliseconds, as one that is cut. */
  leave(withinMs: number): void;
}

/** How a process takes leave of the tasks and responses of one stream context. */
export interface Draining {
  /** Aborts when draining begins: from then on nothing is started or taken. */
  readonly begun: AbortSignal;
  /** Aborts when responses have to end: once all tasks are over here, and in the last second. */
  readonly leaving: AbortSignal;
  /** Whether another process can go on with a task that this one hands over. */
  readonly canHandOver: boolean;
  /** How long tasks may still run here, in milliseconds; `Infinity` before draining has begun. */
  leftMs(): number;
  /**
   * Calls a function when draining begins, or at once if it has. For what there are many of, because
   * runtimes warn of signals with many listeners. Returns a function that undoes that.
   */
  whenBegun(listener: () => void): () => void;
  /** What `drain` waits for until it settles: a task that runs here, an outcome that is being saved. */
  track(work: Promise<unknown>): void;
  /** Takes note of a response, which is told when it has to end. */
  enter(response: LeavingResponse): void;
  /** To be called when a response has ended. Idempotent. */
  exit(response: LeavingResponse): void;
}

/** Options of a stream context's `drain`. */
export interface DrainOptions {
  /**
   * How long draining may take in all, in milliseconds. Tasks have the time but for its last second
   * (its last eighth, if that is less), in which the responses end. Default 8,000.
   */
  timeoutMs?: number;
}

/** The draining of one context, and what begins it. */
export interface DrainControl {
  readonly draining: Draining;
  /** Resolves when all that was tracked is over, or the time is. A second call joins the first. */
  drain(options?: DrainOptions): Promise<void>;
}

/** How long responses may take to end, in milliseconds, and as a part of the whole time. */
const maxLeaveMs = 1_000;
const leavePart = 1 / 8;

/** Responses end within this part of their time, so that clients get the end before the process goes. */
const spreadPart = 3 / 4;

export function createDraining({ canHandOver }: { canHandOver: boolean }): DrainControl {
  const begun = new AbortController();
  const leaving = new AbortController();
  const listeners = new Set<() => void>();
  const work = createTally();
  const responses = new Set<LeavingResponse>();
  const openResponses = createTally();
  // When tasks have to be over here, by `performance.now()`.
  let tasksEndAt = Number.POSITIVE_INFINITY;
  let spreadMs = 0;
  let drained: Promise<void> | undefined;

  const run = async (timeoutMs: number): Promise<void> => {
    const leaveMs = Math.min(maxLeaveMs, timeoutMs * leavePart);
    const endsAt = performance.now() + timeoutMs;
    tasksEndAt = endsAt - leaveMs;
    spreadMs = leaveMs * spreadPart;
    begun.abort();
    for (const listener of listeners) listener();
    listeners.clear();
    await atMost(timeoutMs - leaveMs, work.empty());
    leaving.abort();
    for (const response of responses) response.leave(spreadMs);
    const over = Promise.all([work.empty(), openResponses.empty()]);
    await atMost(Math.min(leaveMs, endsAt - performance.now()), over);
  };

  return {
    draining: {
      begun: begun.signal,
      leaving: leaving.signal,
      canHandOver,
      leftMs: () => Math.max(0, tasksEndAt - performance.now()),
      whenBegun(listener) {
        if (begun.signal.aborted) listener();
        else listeners.add(listener);
        return () => listeners.delete(listener);
      },
      track(promise) {
        work.add();
        promise.then(work.remove, work.remove);
      },
      enter(response) {
        if (responses.has(response)) return;
        responses.add(response);
        openResponses.add();
        if (leaving.signal.aborted) response.leave(spreadMs);
      },
      exit(response) {
        if (responses.delete(response)) openResponses.remove();
      },
    },
    async drain({ timeoutMs = 8_000 } = {}) {
      checkDurations({ timeoutMs: { value: timeoutMs, least: 0 } });
      drained ??= run(timeoutMs);
      await drained;
    },
  };
}
