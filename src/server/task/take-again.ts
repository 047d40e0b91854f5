import { parseCursor } from '../../protocol/cursor';
import { createTaskId } from '../../protocol/task-id';
import type { Draining } from '../log/draining';
import { stopErrorOf } from '../log/stop-reason';
import type { TakenTask, TakeTaskOptions } from '../log/task-attempts';
import type { TaskStreamContext } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createDeferred } from '../time/deferred';
import { followSettlement } from './follow-settlement';

/** How often a storage that is away is asked again, and how long to wait at first and at most. */
const maxFailures = 10;
const firstRetryMs = 250;
const longestRetryMs = 10_000;

/** The clocks of this process and of the storage differ by this much, in milliseconds. */
const slackMs = 15;

/** The tasks that this process has handed over to itself, by their contexts. */
const attemptedHere = new WeakMap<TaskStreamContext, Set<string>>();

/** Whether this process waits for its own next attempt at a task. */
export function isAttemptedHere(context: TaskStreamContext, taskId: string): boolean {
  return attemptedHere.get(context)?.has(taskId) === true;
}

export interface TakeAgainOptions {
  context: TaskStreamContext;
  taskId: string;
  owner: string | undefined;
  definition: string;
  /** After how many milliseconds the task may be taken. */
  delayMs: number;
  take: Omit<TakeTaskOptions, 'token' | 'definition'>;
  /** Cancels the task. */
  abortSignal: AbortSignal | undefined;
  /** Ends the wait when the process takes leave. */
  draining: Draining | undefined;
  /** Whether this process may still take the task; else it is left to others. */
  mayGoOn: () => boolean;
  report: (error: unknown) => void;
}

/**
 * Waits until a task that this process has handed over may be taken, and takes it. Resolves with
 * `undefined` when it was closed or taken by others meanwhile, or is left to them. Never rejects.
 */
export async function takeAgain(options: TakeAgainOptions): Promise<TakenTask | undefined> {
  const { context, taskId, owner, definition, abortSignal, report } = options;
  const ours = attemptedHere.get(context) ?? new Set();
  attemptedHere.set(context, ours.add(taskId));
  const waiting = await watchWaiting(options);
  const { promise: leaves, resolve: leave } = createDeferred();
  const stay = options.draining?.whenBegun(leave);
  const cancel = () => {
    const { message: reason } = stopErrorOf(abortSignal?.reason);
    context.cancel(taskId, { owner, definition, reason }).catch(report);
  };
  if (abortSignal?.aborted) cancel();
  else abortSignal?.addEventListener('abort', cancel, { once: true });
  try {
    return await takeWhenDue(options, waiting, leaves);
  } finally {
    stay?.();
    ours.delete(taskId);
    abortSignal?.removeEventListener('abort', cancel);
    waiting.close();
  }
}

interface Waiting {
  /** Resolves once the task does not wait any more. */
  readonly over: Promise<void>;
  readonly isOver: boolean;
  close(): void;
}

/** Watches a log that nobody writes to, until it ends. */
async function watchWaiting({
  context,
  taskId,
  owner,
  definition,
  report,
}: TakeAgainOptions): Promise<Waiting> {
  const { promise: over, resolve: end } = createDeferred();
  let isOver = false;
  let close = () => {};
  try {
    const record = await context.inspect(taskId);
    const cursor = record && parseCursor(record.cursor);
    const reader = record && (await context.read(taskId, { owner, definition, cursor }));
    if (reader) {
      close = reader.close;
      followSettlement(reader, taskId).then(
        () => {
          isOver = true;
          end();
        },
        () => {
          // The reader was closed or cut off. Whether the task still waits shows when it is taken.
        },
      );
    }
  } catch (error) {
    report(error);
  }
  return {
    over,
    get isOver() {
      return isOver;
    },
    close: () => close(),
  };
}

async function takeWhenDue(
  { context, taskId, definition, delayMs, take, mayGoOn, report }: TakeAgainOptions,
  waiting: Waiting,
  leaves: Promise<void>,
): Promise<TakenTask | undefined> {
  // The same for each try, so that an answer that was lost is given again.
  const token = createTaskId();
  let waitMs = delayMs;
  for (let tries = 0, failures = 0; failures < maxFailures; tries++) {
    await atMost(waitMs, Promise.race([waiting.over, leaves]));
    if (waiting.isOver || !mayGoOn()) return undefined;
    const pauseMs = Math.min(firstRetryMs * 2 ** Math.max(0, tries - 1), longestRetryMs);
    try {
      const taken = await context.take?.(taskId, { ...take, token, definition });
      if (taken) return taken;
      const record = await context.inspect(taskId);
      if (!record?.isWaiting) return undefined;
      const leftMs = (record.notBefore ?? 0) - Date.now();
      waitMs = leftMs > 0 ? leftMs + slackMs : tries === 0 ? slackMs : pauseMs;
    } catch (error) {
      report(error);
      failures++;
      waitMs = pauseMs;
    }
  }
  return undefined;
}
