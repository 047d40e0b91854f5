import type { UIMessageChunk } from 'ai';
import type { TaskErrorData } from '../../protocol/task-error';
import type { TaskData, TaskOutcome, TaskSettlement, TaskStep } from '../../protocol/task-parts';
import { taskErrorChunk } from './task-error-chunk';

/** The last snapshot of a task: what was running in it has ended as the task did. */
export function endedSnapshot(snapshot: TaskData, outcome: TaskOutcome, endedAt: number): TaskData {
  const stepStatus: TaskStep['status'] = outcome === 'completed' ? 'completed' : 'failed';
  const steps = snapshot.steps?.map((step) =>
    step.status === 'running' ? { ...step, status: stepStatus } : step,
  );
  return {
    ...snapshot,
    status: outcome,
    ...(steps && { steps }),
    updatedAt: Math.max(endedAt, snapshot.createdAt),
  };
}

/** The parts that tell how a task has ended, but for the settle part. */
export function endingChunks(final: TaskData, error: TaskErrorData | undefined): UIMessageChunk[] {
  const { taskId } = final;
  return [
    { type: 'data-task', id: taskId, data: final },
    ...(error ? [taskErrorChunk(taskId, error)] : []),
  ];
}

/** The part with the outcome. */
export function settleChunk(settlement: TaskSettlement): UIMessageChunk {
  return { type: 'data-task-settle', id: settlement.taskId, data: settlement };
}
