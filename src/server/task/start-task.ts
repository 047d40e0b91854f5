import { TaskError } from '../../protocol/task-error';
import { createTaskId } from '../../protocol/task-id';
import type { TaskSettlement } from '../../protocol/task-parts';
import { encodeKeptTurn } from '../log/kept-turn';
import type { AttemptStart } from '../log/task-attempts';
import { checkTaskId, createUnavailableError, isForClients } from '../log/task-errors';
import type { QueuedOpening } from '../log/task-queue';
import type { OpenTaskOptions, TaskLog, TaskStreamContext } from '../log/task-stream-context';
import { askForWorker, type QueuedStart } from './ask-for-worker';
import type { AttemptWork, RetryPlan } from './attempt-plan';
import { createMessagesError } from './check-messages';
import { openingOf } from './opening';
import { createReporting } from './reporting';
import { runAttempts } from './run-attempts';
import { createRunTime, type RunTimeOptions } from './run-time';
import type { StreamTaskOptions, TaskSettleEvent } from './task-options';

/** What came of the attempt to start a task. */
export type Claim =
  | { readonly kind: 'refused'; readonly error: TaskError }
  /** The task exists already: somebody else runs it, or ran it. */
  | {
      readonly kind: 'joined';
      readonly context: TaskStreamContext;
      /** How many frames the page that asked has already: those of the message that it continues. */
      readonly skip: number;
    }
  | {
      readonly kind: 'opened';
      readonly context: TaskStreamContext;
      readonly skip: number;
      /** The claim token. */
      readonly token: string;
      /** Resolves with the settlement, or with `undefined` when the task was closed by others. */
      readonly settled: Promise<TaskSettlement | undefined>;
      /** Resolves once the outcome is saved, too. Neither promise rejects. */
      readonly released: Promise<void>;
    };

/** The options of a task that is started, without the types of its input, result and partials. */
export interface StartTaskOptions
  extends Omit<
      StreamTaskOptions<never, never, Record<string, number>, never>,
      'execute' | 'input' | 'onSettle' | 'retry' | 'streamContext'
    >,
    RunTimeOptions {
  execute: AttemptWork['execute'];
  onSettle: ((event: TaskSettleEvent<unknown>) => Promise<void> | void) | undefined;
  taskId: string;
  /** The name of the task's definition, if it has one. Tasks of other definitions are not joined. */
  definition: string | undefined;
  streamContext: TaskStreamContext;
  /** Makes the context to run the task in while the storage is away, where the host allows that. */
  createFallback: () => TaskStreamContext;
  heartbeatMs: number;
  /** How the task is attempted again. Default: it is not. */
  retry?: RetryPlan;
  /** Has a worker run the task; with `retry`. Default: this process runs it. */
  queued?: QueuedStart | undefined;
  /** The largest value of a checkpoint, in bytes of its JSON. Default 1 MiB. */
  maxCheckpointBytes?: number;
  /** The turn of a chat that the task is of: any JSON. It is told with the outcome. */
  turn?: unknown;
}

/** Claims the taskId and, if it was free, runs the task or has a worker run it. Never rejects. */
export async function startTask(options: StartTaskOptions): Promise<Claim> {
  const { taskId, name, owner, definition, chatId, concurrent, retry, onSettle, queued } = options;
  const runTime = createRunTime(options);
  const reporting = createReporting(options, { attempt: 1 });
  const { mask, reporter } = reporting;
  const standing = reporter.standing();
  const data = queued ? { ...standing.snapshot, status: 'pending' as const } : standing.snapshot;
  const snapshot = { type: 'data-task' as const, id: taskId, data };
  const opening = await openingOf(options, snapshot).catch(createMessagesError);
  if (TaskError.isInstance(opening)) return { kind: 'refused', error: opening };

  const token = createTaskId();
  const { history, chunks, continued } = opening;
  const skip = history.length;
  const start: AttemptStart = { index: -1, ...standing, snapshot: data, nested: [] };
  // A later attempt goes on with that message, too.
  const isKept = onSettle !== undefined || retry !== undefined;
  const kept = isKept ? encodeKeptTurn({ message: continued, turn: options.turn }) : undefined;
  const stored: QueuedOpening = {
    ...{ owner, name, definition, chatId, concurrent },
    leaseMs: 2 * options.heartbeatMs,
    graceMs: options.graceMs,
    frames: [...history, ...chunks].map((chunk) => JSON.stringify(chunk)),
    ...(onSettle && { savesOutcome: true }),
    ...(kept !== undefined && { continued: kept }),
    ...(retry && { work: retry.work, start }),
  };
  const waits = queued && { delayMs: queued.delayMs };
  const opened = await openLog(options, mask, { ...stored, token, ...(waits && { waits }) });
  if ('error' in opened) return { kind: 'refused', error: opened.error };
  const { context, log } = opened;
  if (!log) return { kind: 'joined', context, skip };
  if (queued) {
    const error = await askForWorker(queued, { taskId, opening: stored, log, report: mask });
    return error ? { kind: 'refused', error } : { kind: 'joined', context, skip };
  }
  const first = { log, work: options, reporting, opening, chunks };
  return { kind: 'opened', context, skip, token, ...runAttempts(options, context, first, runTime) };
}

/** Opens the log. When it cannot be opened, the error is returned and not thrown. */
async function openLog(
  { taskId, streamContext, createFallback, whenUnavailable = 'refuse', queued }: StartTaskOptions,
  report: (error: unknown) => unknown,
  open: OpenTaskOptions,
): Promise<{ context: TaskStreamContext; log: TaskLog | undefined } | { error: TaskError }> {
  try {
    checkTaskId(taskId);
    return { context: streamContext, log: await streamContext.open(taskId, open) };
  } catch (cause) {
    if (TaskError.isInstance(cause) && cause.code !== 'context-unavailable') {
      if (!isForClients(cause)) report(cause);
      return { error: cause };
    }
    const error = createUnavailableError(cause);
    // Another process is asked next, so this is no trouble, and nothing may run here in its place.
    if (streamContext.draining?.begun.aborted) return { error };
    report(error);
    if (whenUnavailable === 'refuse' || queued) return { error };
    const context = createFallback();
    const log = await context.open(taskId, open);
    // A task in the fallback context is unknown to the host's own storage.
    return { context, log: log && { ...log, isStored: false } };
  }
}
