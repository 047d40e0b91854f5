import type { TaskError } from '../../protocol/task-error';
import type { AttemptStart } from '../log/task-attempts';
import {
  createTaskReporter,
  type ReportingMeans,
  type TaskReporterCore,
} from './create-task-reporter';
import { createErrorMask } from './mask-error';
import type { StartTaskOptions } from './start-task';
import { createTaskClock, type TaskClock } from './task-clock';
import type { TaskWriterCore } from './task-writer';

/** What one attempt reports with. */
export interface Reporting {
  readonly clock: TaskClock;
  /** Reports an error to the host, and returns what a client may know of it. */
  readonly mask: (error: unknown) => TaskError;
  readonly means: ReportingMeans;
  readonly reporter: TaskReporterCore;
  /** Says where reports go. Before that, none may be made. */
  sendTo(writer: Pick<TaskWriterCore, 'emit'>): void;
}

/**
 * The reporter is there before the log, because the log opens with the task's first snapshot.
 *
 * @param before Where the attempt begins, if it is not the first one.
 */
export function createReporting(
  options: StartTaskOptions,
  { attempt, before }: { attempt: number; before?: AttemptStart },
): Reporting {
  const { taskId, name, steps: weights, transformer, progressIntervalMs = 100 } = options;
  const mask = createErrorMask(options);
  const clock = createTaskClock(before?.snapshot.updatedAt);
  let writer: Pick<TaskWriterCore, 'emit'> | undefined;
  const means: ReportingMeans = {
    now: clock.now,
    progressIntervalMs,
    encode: (value) => (transformer ? transformer.stringify(value) : value),
    emit: (...chunk) => writer?.emit(...chunk),
    mask,
  };
  const createdAt = before?.snapshot.createdAt ?? clock.startedAt;
  const about = { taskId, name, createdAt, weights, attempt, ...(before && { before }) };
  return {
    clock,
    mask,
    means,
    reporter: createTaskReporter({ ...means, ...about }),
    sendTo(to) {
      writer = to;
    },
  };
}
