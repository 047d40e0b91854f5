import { createTaskId } from '../../protocol/task-id';
import type { TaskData } from '../../protocol/task-parts';
import { type Ending, endOfTask } from '../log/closing-chunks';
import { stopErrorOf } from '../log/stop-reason';
import { attemptTask } from './attempt-task';
import {
  createTaskReporter,
  type ReportingMeans,
  type TaskReporterCore,
} from './create-task-reporter';
import { createKeyInUseError, keyedTaskId } from './keyed-task-id';
import type { RunNestedTask, TaskAttempt } from './task-reporter';
import type { TaskWriterCore } from './task-writer';

export interface NestedTasks {
  /** Makes the `run` of a task. The given signal stops all tasks that run within it. */
  runnerOf(parentTaskId: string, signal: AbortSignal): RunNestedTask;
  /** The newest snapshots of the nested tasks that are running, in the order of their starting. */
  running(): TaskData[];
  /** From now on, nothing is told of nested tasks that are still running. */
  end(): void;
}

/**
 * Tasks within a task, or within a tool call of it. They have progress, log lines, partial results
 * and an outcome of their own, but are told of in the outer task's stream and cannot be followed
 * alone.
 */
export function createNestedTasks({
  means,
  encodeChunk,
  sendsResult,
  attempt,
}: {
  means: ReportingMeans;
  encodeChunk: TaskWriterCore['encode'];
  /** Whether settle parts carry results. */
  sendsResult: boolean;
  /** The attempt at the outermost task, whose checkpoints are those of the tasks within. */
  attempt: TaskAttempt;
}): NestedTasks {
  const { now, encode, emit, mask } = means;
  // The nested tasks that are running, in the order of their starting.
  const open = new Set<TaskReporterCore>();
  // The taskIds of those that have a key.
  const keyed = new Set<string>();
  let hasEnded = false;

  const runnerOf = (parentTaskId: string, parentSignal: AbortSignal): RunNestedTask =>
    async function run({ name, toolCallId, key, steps, abortSignal, execute }) {
      const taskId = key === undefined ? createTaskId() : await keyedTaskId(parentTaskId, key);
      parentSignal.throwIfAborted();
      abortSignal?.throwIfAborted();
      if (keyed.has(taskId)) throw createKeyInUseError(key);
      const about = { taskId, name, parentTaskId, toolCallId, createdAt: now(), weights: steps };
      const reporter = createTaskReporter({ ...means, ...about });
      const signal = abortSignal ? AbortSignal.any([parentSignal, abortSignal]) : parentSignal;
      emit({ type: 'data-task', id: taskId, data: reporter.snapshot() });
      open.add(reporter);
      if (key !== undefined) keyed.add(taskId);

      const end = (ending: Omit<Ending, 'settledAt'>) => {
        // The task around this one has settled, and this one with it.
        if (hasEnded) return;
        open.delete(reporter);
        keyed.delete(taskId);
        reporter.end();
        const chunks = endOfTask(reporter.snapshot(), { ...ending, settledAt: now() });
        for (const chunk of chunks) emit(chunk);
      };
      try {
        const result = await execute({
          task: attemptTask(reporter.task, attempt, runnerOf(taskId, signal)),
          signal,
        });
        const sent = sendsResult && result !== undefined ? encode(result) : undefined;
        // Throws before the outcome is told when the result is too large or cannot be sent.
        encodeChunk(
          { type: 'data-task-settle', id: taskId, data: { result: sent } },
          'result',
          sent,
        );
        end({ outcome: 'completed', result: sent });
        return result;
      } catch (error) {
        const stopped = signal.aborted ? stopErrorOf(signal.reason) : undefined;
        const outcome = stopped?.code === 'cancelled' ? 'cancelled' : 'failed';
        end({ outcome, error: stopped ?? mask(error) });
        throw error;
      }
    };

  return {
    runnerOf,
    running: () => [...open].map((reporter) => reporter.snapshot()),
    end() {
      hasEnded = true;
      for (const reporter of open) reporter.end();
    },
  };
}
