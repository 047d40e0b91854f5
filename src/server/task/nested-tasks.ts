import type { UIMessageChunk } from 'ai';
import type { TaskError } from '../../protocol/task-error';
import { createTaskId } from '../../protocol/task-id';
import type { TaskOutcome, TaskSettlement } from '../../protocol/task-parts';
import { endingChunks, settleChunk } from '../log/settlement-chunks';
import { stopErrorOf } from '../log/stop-reason';
import { createTaskReporter, type TaskReporterCore } from './create-task-reporter';
import type { RunNestedTask } from './task-reporter';
import type { TaskWriterCore } from './task-writer-core';

export interface NestedTasks {
  /** `run` for the children of a task, whose signal stops them. */
  runnerOf(parentTaskId: string, signal: AbortSignal): RunNestedTask;
  /** No more is told of those that are still running. Idempotent. */
  end(): void;
  /**
   * The chunks that settle those that are still running, innermost first. May be asked again for
   * another outcome.
   */
  closingChunks(outcome: TaskOutcome, error: TaskError | undefined, at: number): UIMessageChunk[];
}

interface OpenTask {
  readonly taskId: string;
  readonly createdAt: number;
  readonly reporter: TaskReporterCore;
}

/**
 * Tasks within a task, or within a tool call of it. They are parts of its stream only: with
 * progress, a log, partial results and an outcome of their own, but without a log to follow.
 */
export function createNestedTasks({
  emit,
  encodeChunk,
  now,
  progressIntervalMs,
  encode,
  sendsResult,
  mask,
}: {
  emit: TaskWriterCore['emit'];
  encodeChunk: TaskWriterCore['encode'];
  /** Epoch milliseconds. */
  now: () => number;
  progressIntervalMs: number;
  encode: (value: unknown) => unknown;
  /** Whether settle parts carry results. */
  sendsResult: boolean;
  /** Reports an error to the host and gives what a client may know of it. */
  mask: (error: unknown) => TaskError;
}): NestedTasks {
  // In the order of starting.
  const open = new Map<string, OpenTask>();
  let hasEnded = false;

  const settle = (
    { taskId, createdAt, reporter }: OpenTask,
    end: { status: TaskOutcome; result?: unknown; error?: TaskError },
    at: number,
  ): UIMessageChunk[] => {
    const { status, result } = end;
    const error = end.error?.toJSON();
    const settlement: TaskSettlement = {
      taskId,
      status,
      ...(error && { error }),
      ...(result !== undefined && { result }),
      durationMs: at - createdAt,
      settledAt: at,
    };
    const told = status === 'failed' ? error : undefined;
    return [...endingChunks(reporter.end(status, at), told), settleChunk(settlement)];
  };

  const runnerOf = (parentTaskId: string, parentSignal: AbortSignal): RunNestedTask =>
    async function run({ name, toolCallId, steps, abortSignal, execute }) {
      parentSignal.throwIfAborted();
      abortSignal?.throwIfAborted();
      const taskId = createTaskId();
      const createdAt = now();
      const reporter = createTaskReporter({
        taskId,
        name,
        parentTaskId,
        toolCallId,
        createdAt,
        now,
        weights: steps,
        progressIntervalMs,
        encodePartial: encode,
        emit,
        onProblem: mask,
      });
      const signal = abortSignal ? AbortSignal.any([parentSignal, abortSignal]) : parentSignal;
      const task: OpenTask = { taskId, createdAt, reporter };
      emit({ type: 'data-task', id: taskId, data: reporter.snapshot() });
      open.set(taskId, task);

      const end = (...parameters: [Parameters<typeof settle>[1]]) => {
        // Settled already together with the task around it.
        if (hasEnded) return;
        open.delete(taskId);
        for (const chunk of settle(task, ...parameters, now())) emit(chunk);
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
        end({ status: 'completed', result: sent });
        return result;
      } catch (error) {
        if (signal.aborted) {
          end({ status: 'cancelled', error: stopErrorOf(signal.reason) });
        } else end({ status: 'failed', error: mask(error) });
        throw error;
      }
    };

  return {
    runnerOf,
    end() {
      hasEnded = true;
    },
    closingChunks: (outcome, error, at) =>
      [...open.values()]
        .reverse()
        .flatMap((task) =>
          settle(
            task,
            outcome === 'completed' || !error
              ? { status: 'cancelled', error: stopErrorOf('The task around it has ended.') }
              : { status: outcome, error },
            at,
          ),
        ),
  };
}
