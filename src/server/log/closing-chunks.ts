import type { FinishReason, UIMessageChunk } from 'ai';
import type { TaskError } from '../../protocol/task-error';
import type { TaskData, TaskOutcome, TaskSettlement, TaskStep } from '../../protocol/task-parts';
import type { OpenParts } from './open-parts';
import { endsOfParts } from './part-ends';
import { cancelledError } from './stop-reason';
import { taskErrorChunk } from './task-error-chunk';

/** How a task ends, and when. */
export interface Ending {
  readonly outcome: TaskOutcome;
  /** What the settle part of a completed task carries, if anything. */
  readonly result?: unknown;
  /** Why the task did not complete. */
  readonly error?: TaskError | undefined;
  /** The error that an error part tells. Default: for a task that failed, its `error`; else none. */
  readonly told?: TaskError;
  /** Epoch milliseconds. */
  readonly settledAt: number;
}

/** What the `finish` chunks of merged streams said, for the task's own `finish`. */
export interface MergedFinish {
  readonly finishReason?: FinishReason;
  readonly messageMetadata?: unknown;
}

/** What a task leaves open when it ends. */
export interface OpenTask {
  /** The newest snapshot. */
  readonly snapshot: TaskData;
  /** The newest snapshots of the running tasks within it, in the order of their starting. */
  readonly nested: readonly TaskData[];
  readonly openParts: OpenParts;
  /** Whether the end of a step has been held back. */
  readonly isStepDue?: boolean;
  readonly finish?: MergedFinish;
}

/** The last snapshot of a task: steps that were running end as the task does. */
function endedSnapshot(snapshot: TaskData, { outcome, settledAt }: Ending): TaskData {
  const stepStatus: TaskStep['status'] = outcome === 'completed' ? 'completed' : 'failed';
  const steps = snapshot.steps?.map((step) =>
    step.status === 'running' ? { ...step, status: stepStatus } : step,
  );
  return {
    ...snapshot,
    status: outcome,
    ...(steps && { steps }),
    updatedAt: Math.max(settledAt, snapshot.createdAt),
  };
}

/** The outcome of a task, as its settle part tells it. */
export function settlementOf(
  { taskId, createdAt }: TaskData,
  { outcome, error, result, settledAt }: Ending,
): TaskSettlement {
  return {
    taskId,
    durationMs: settledAt - createdAt,
    settledAt,
    status: outcome,
    ...(error && { error: error.toJSON() }),
    ...(result !== undefined && { result }),
  };
}

/** The parts that tell how a task or a nested task has ended. */
export function endOfTask(snapshot: TaskData, ending: Ending): UIMessageChunk[] {
  const { taskId } = snapshot;
  const { outcome, error, told = outcome === 'failed' ? error : undefined } = ending;
  return [
    { type: 'data-task', id: taskId, data: endedSnapshot(snapshot, ending) },
    ...(told ? [taskErrorChunk(taskId, told.toJSON())] : []),
    { type: 'data-task-settle', id: taskId, data: settlementOf(snapshot, ending) },
  ];
}

/** How nested tasks end that are still running when the task around them ends. */
function endingWithin({ outcome, error, settledAt }: Ending): Ending {
  if (outcome !== 'completed') return { outcome, error, settledAt };
  return {
    outcome: 'cancelled',
    error: cancelledError('The task around it has ended.'),
    settledAt,
  };
}

function lastChunk({ outcome, error }: Ending, finish: MergedFinish | undefined): UIMessageChunk {
  if (outcome === 'completed') return { type: 'finish', ...finish };
  if (outcome === 'cancelled') return { type: 'abort', ...(error && { reason: error.message }) };
  return { type: 'error', errorText: error?.message ?? '' };
}

/**
 * The chunks that close a task's log: the ends of its open parts, of nested tasks, innermost first,
 * and of the task itself, and the last chunk of the message.
 */
export function closingChunks(
  { snapshot, nested, openParts, isStepDue, finish }: OpenTask,
  ending: Ending,
): UIMessageChunk[] {
  const { outcome, error } = ending;
  const messageMetadata = outcome === 'completed' ? undefined : finish?.messageMetadata;
  return [
    ...endsOfParts(openParts, outcome, error?.message ?? 'The task ended before this call did.'),
    ...(isStepDue ? [{ type: 'finish-step' } as const] : []),
    ...(messageMetadata === undefined
      ? []
      : [{ type: 'message-metadata' as const, messageMetadata }]),
    ...[...nested].reverse().flatMap((inner) => endOfTask(inner, endingWithin(ending))),
    ...endOfTask(snapshot, ending),
    lastChunk(ending, finish),
  ];
}
