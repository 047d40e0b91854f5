import { frameType } from '../../protocol/compact-replay';
import type { TaskError } from '../../protocol/task-error';
import {
  isTaskPart,
  type TaskChunk,
  type TaskData,
  type TaskOutcome,
} from '../../protocol/task-parts';
import { closingChunks } from './closing-chunks';
import { keptTurnOf } from './kept-turn';
import { addAnsweredCalls, concernsParts, type OpenPartsNow, trackChunk } from './open-parts';
import { cancelledError, lostError } from './stop-reason';

/** Closes the log of a task that nobody runs: its producer is gone, or it waits for one. */
export interface LostTask {
  /** Takes note of a frame of the log. */
  track(frame: string): void;
  /**
   * The frames that close the log, and the outcome that they tell.
   *
   * @param ranMs How long the task has run, by the storage's clock.
   */
  close(ranMs: number): { outcome: TaskOutcome; frames: string[] };
}

export interface LostTaskOptions {
  taskId: string;
  /** When the task was opened, in epoch milliseconds. */
  createdAt: number;
  /** The display name that the task was opened with. */
  name: string | undefined;
  /**
   * What the task was opened with as `continued`, parsed: for what the chunks of a message that goes on
   * cannot carry in the log, in AI SDK 6 the answer to an approval.
   */
  continued?: unknown;
  /** Set when somebody had asked the task to stop: then it counts as cancelled. */
  cancel: { readonly reason: string | undefined } | undefined;
  /** Why the task ends otherwise. Default: its process is gone. */
  error?: TaskError | undefined;
  /** Whether the task waits, so that a cancel is all that there is to tell. Default false. */
  isWaiting?: boolean;
}

/**
 * Follows a log to its end to find out what has to be closed: the parts that are open, and the
 * newest snapshot. For stream contexts, which close the logs of tasks that nobody runs.
 */
export function createLostTask({
  taskId,
  createdAt,
  name,
  continued,
  cancel,
  error = lostError(),
  isWaiting = false,
}: LostTaskOptions): LostTask {
  // A log does not store which merged stream a chunk came from; the parts of all are closed alike.
  const openParts: OpenPartsNow = new Map();
  // The newest snapshots of nested tasks that have not settled, in the order of their starting.
  const nested = new Map<string, TaskData>();
  let snapshot: TaskData = { taskId, name, status: 'running', createdAt, updatedAt: createdAt };

  const trackTask = ({ type, data }: TaskChunk) => {
    if (type === 'data-task-settle') nested.delete(data.taskId);
    else if (type === 'data-task' && data.taskId === taskId) snapshot = data;
    // A task without a parent is a merged task that has a log of its own.
    else if (type === 'data-task' && data.parentTaskId !== undefined) nested.set(data.taskId, data);
  };

  return {
    track(frame) {
      const type = frameType(frame);
      if (type === 'data-task' || type === 'data-task-settle') {
        // Data parts of the host may have the same type.
        const part = JSON.parse(frame) as { type: 'data-task' | 'data-task-settle' };
        if (isTaskPart(part)) trackTask(part);
      } else if (concernsParts(type)) {
        trackChunk(openParts, JSON.parse(frame));
        if (type === 'start') addAnsweredCalls(openParts, keptTurnOf(continued).message);
      }
    },

    close(ranMs) {
      const outcome = cancel ? 'cancelled' : 'failed';
      // Whatever the clocks say, the end may not lie before a time that the log tells.
      const newest = Math.max(...[snapshot, ...nested.values()].map(({ updatedAt }) => updatedAt));
      const settledAt = Math.max(newest, snapshot.createdAt + ranMs);
      const chunks = closingChunks(
        { snapshot, nested: [...nested.values()], openParts },
        {
          outcome,
          error: cancel ? cancelledError(cancel.reason) : error,
          ...(!(cancel && isWaiting) && { told: error }),
          settledAt,
        },
      );
      return { outcome, frames: chunks.map((chunk) => JSON.stringify(chunk)) };
    },
  };
}
