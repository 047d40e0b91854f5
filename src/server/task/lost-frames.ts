import type { UIMessageChunk } from 'ai';
import { frameType } from '../../protocol/compact-replay';
import { TaskError } from '../../protocol/task-error';
import {
  isTaskPart,
  type TaskData,
  type TaskOutcome,
  type TaskSettlement,
} from '../../protocol/task-parts';
import { createOpenParts } from './open-parts';
import { cancelledError } from './stop-reason';
import { taskErrorChunk } from './task-error-chunk';

/** Closes the log of a task whose producer is gone. */
export interface LostTask {
  /** Takes note of a frame of the log. */
  track(frame: string): void;
  /** The frames that close the log, and the outcome that they tell. */
  close(now: number): { outcome: TaskOutcome; frames: string[] };
}

/**
 * Follows a log to its end to find out what has to be closed: the parts that are open, and the
 * newest snapshot.
 */
export function createLostTask({
  taskId,
  createdAt,
  name,
  cancel,
}: {
  taskId: string;
  /** Epoch milliseconds. */
  createdAt: number;
  name: string | undefined;
  /** Set when somebody had asked the task to stop: then it counts as cancelled. */
  cancel: { readonly reason: string | undefined } | undefined;
}): LostTask {
  const openParts = createOpenParts();
  let snapshot: TaskData = { taskId, name, status: 'running', createdAt, updatedAt: createdAt };

  return {
    track(frame) {
      const type = frameType(frame);
      // By far the most, and they open nothing.
      if (type === undefined || type.endsWith('-delta')) return;
      if (type === 'data-task') {
        // A part of that name may be the host's own.
        const part = JSON.parse(frame) as { type: 'data-task' };
        if (isTaskPart(part) && part.data.taskId === taskId) snapshot = part.data;
      } else if (!type.startsWith('data-')) {
        // Which merged stream a chunk came from is not stored; parts of all are closed alike.
        openParts.track(JSON.parse(frame) as UIMessageChunk, undefined);
      }
    },

    close(now) {
      const outcome = cancel ? 'cancelled' : 'failed';
      const lost = new TaskError({
        code: 'lost',
        message: 'The process that ran the task is gone.',
        retryable: true,
      });
      const error = cancel ? cancelledError(cancel.reason) : lost;
      const steps = snapshot.steps?.map((step) =>
        step.status === 'running' ? { ...step, status: 'failed' as const } : step,
      );
      const final: TaskData = {
        ...snapshot,
        status: outcome,
        ...(steps && { steps }),
        updatedAt: now,
      };
      const settlement: TaskSettlement = {
        taskId,
        status: outcome,
        error: error.toJSON(),
        durationMs: Math.max(0, now - createdAt),
        settledAt: now,
      };
      const chunks: UIMessageChunk[] = [
        ...openParts.closingChunks(outcome, error.message),
        { type: 'data-task', id: taskId, data: final },
        taskErrorChunk(taskId, lost.toJSON()),
        { type: 'data-task-settle', id: taskId, data: settlement },
        cancel
          ? { type: 'abort', reason: error.message }
          : { type: 'error', errorText: error.message },
      ];
      return { outcome, frames: chunks.map((chunk) => JSON.stringify(chunk)) };
    },
  };
}
