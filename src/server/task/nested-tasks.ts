import { createTaskId } from '../../protocol/task-id';
import type { TaskData } from '../../protocol/task-parts';
import { type Ending, endOfTask } from '../log/closing-chunks';
import { stopErrorOf } from '../log/stop-reason';
import {
  createTaskReporter,
  type ReportingMeans,
  type TaskReporterCore,
} from './create-task-reporter';
import type { RunNestedTask } from './task-reporter';
import type { TaskWriterCore } from './task-writer';

export interface NestedTasks {
  /** `run` for the children of a task, whose signal stops them. */
  runnerOf(parentTaskId: string, signal: AbortSignal): RunNestedTask;
  /** The newest snapshots of those that are running, in the order of their starting. */
  running(): TaskData[];
  /** No more is told of those that are still running. */
  end(): void;
}

/**
 * Tasks within a task, or within a tool call of it. They are parts of its stream only: with
 * progress, a log, partial results and an outcome of their own, but without a log to follow.
 */
export function createNestedTasks({
  means,
  encodeChunk,
  sendsResult,
}: {
  means: ReportingMeans;
  encodeChunk: TaskWriterCore['encode'];
  /** Whether settle parts carry results. */
  sendsResult: boolean;
}): NestedTasks {
  const { now, encode, emit, mask } = means;
  // In the order of starting.
  const open = new Set<TaskReporterCore>();
  let hasEnded = false;

  const runnerOf = (parentTaskId: string, parentSignal: AbortSignal): RunNestedTask =>
    async function run({ name, toolCallId, steps, abortSignal, execute }) {
      parentSignal.throwIfAborted();
      abortSignal?.throwIfAborted();
      const taskId = createTaskId();
      const about = { taskId, name, parentTaskId, toolCallId, createdAt: now(), weights: steps };
      const reporter = createTaskReporter({ ...means, ...about });
      const signal = abortSignal ? AbortSignal.any([parentSignal, abortSignal]) : parentSignal;
      emit({ type: 'data-task', id: taskId, data: reporter.snapshot() });
      open.add(reporter);

      const end = (ending: Omit<Ending, 'settledAt'>) => {
        // Settled already together with the task around it.
        if (hasEnded) return;
        open.delete(reporter);
        reporter.end();
        const chunks = endOfTask(reporter.snapshot(), { ...ending, settledAt: now() });
        for (const chunk of chunks) emit(chunk);
      };
      try {
        const result = await execute({
          task: { ...reporter.task, run: runnerOf(taskId, signal) },
          signal,
        });
        const sent = sendsResult && result !== undefined ? encode(result) : undefined;
        // What is too large, or cannot be sent, fails the task before it has told its outcome.
        encodeChunk(
          { type: 'data-task-settle', id: taskId, data: { result: sent } },
          'result',
          sent,
        );
        end({ outcome: 'completed', result: sent });
        return result;
      } catch (error) {
        if (signal.aborted) end({ outcome: 'cancelled', error: stopErrorOf(signal.reason) });
        else end({ outcome: 'failed', error: mask(error) });
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
