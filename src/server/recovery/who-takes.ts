/** A task that waits, as far as it decides who may take it. */
export interface WaitingTask {
  /** Which runners may take it: `any`, or `queue:` and the name of a queue. */
  readonly runner: string;
  readonly definition: string;
  /** The version of the definition with which it was started. */
  readonly version: number;
}

/** The request by which a reader came to a task. */
export interface ReaderRequest {
  readonly method: string;
  /** The header `sec-fetch-mode`, if there is one. */
  readonly mode?: string | undefined;
  /** The headers `sec-purpose` and `purpose`, whichever is there. */
  readonly purpose?: string | undefined;
  /**
   * Whether it was to start the task. It was not asked then whether it may follow, and takes nothing;
   * the request that its page makes next does. Default false.
   */
  readonly isStart?: boolean;
  /** Whether it came before the process began to drain. Default false. */
  readonly isFromBeforeDrain?: boolean;
}

/** Who might take a task. */
export interface Taker {
  /** The kind of runner: `any`, or `queue:` and the name of a queue. */
  readonly runner: string;
  /** The versions of the definitions that it serves, by their names. */
  readonly versions: ReadonlyMap<string, number>;
  readonly isDraining: boolean;
  /** How many tasks the process runs, and how many it may run. */
  readonly running: number;
  readonly maxRunning: number;
  /** The request of a reader. Absent: nobody's request is behind this, as with a supervisor. */
  readonly request?: ReaderRequest;
  /**
   * Where the host ends each invocation after a time: how long this one has lasted, and how long it may
   * last, in milliseconds.
   */
  readonly invocation?: { readonly elapsedMs: number; readonly maxRunMs: number } | undefined;
}

/**
 * What to do about a task that waits: `take` it; `leave` it to others, and follow it; or `end` the
 * response, because the request that the page makes then may take it: it has a whole invocation before
 * it, or reaches a process that does not drain.
 */
export type TakingDecision = 'take' | 'leave' | 'end';

/** The `sec-fetch-mode` of links, images and prefetches, but never of `EventSource` or `fetch`. */
export const passiveModes: ReadonlySet<string> = new Set(['navigate', 'no-cors']);

/** Whether a request asks for a task, and not merely for something that it is linked from. */
export function isActive({ method, mode, purpose, isStart = false }: ReaderRequest): boolean {
  if (!isStart && method !== 'GET') return false;
  return !passiveModes.has(mode ?? '') && !/prefetch/i.test(purpose ?? '');
}

/** Decides whether somebody takes a task that waits. */
export function whoTakes(task: WaitingTask, taker: Taker): TakingDecision {
  const { runner, versions, isDraining, running, maxRunning, request, invocation } = taker;
  const version = versions.get(task.definition);
  const isOurs = task.runner === runner && version !== undefined && version >= task.version;
  if (!isOurs || (request && !isActive(request))) return 'leave';
  if (isDraining) return request?.isFromBeforeDrain ? 'end' : 'leave';
  if (request?.isStart) return 'end';
  if (running >= maxRunning) return 'leave';
  const isLate = invocation !== undefined && invocation.elapsedMs > invocation.maxRunMs / 2;
  if (!isLate) return 'take';
  // A supervisor comes again by itself.
  return request ? 'end' : 'leave';
}
