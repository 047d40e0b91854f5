import { TaskError } from '../../protocol/task-error';
import { createTaskId } from '../../protocol/task-id';
import type { TakenTask } from '../log/task-attempts';
import { unlessAway } from '../log/task-errors';
import type { TaskStreamContext } from '../log/task-stream-context';
import type { RetryPlan } from '../task/attempt-plan';
import { beginAgain } from '../task/begin-again';
import { runAttempts, type TaskEnd } from '../task/run-attempts';
import type { RunTime } from '../task/run-time';
import { countRunning } from '../task/running-tasks';
import type { StartTaskOptions } from '../task/start-task';

/** How a process takes up a task that waits, whoever has started it. */
export interface TakeWaitingOptions {
  context: TaskStreamContext;
  taskId: string;
  definition: string;
  version: number;
  /** The kind of runner that this process is: `any`, or `queue:` and a name. */
  runner: string;
  heartbeatMs: number;
  graceMs: number | undefined;
  /** The time that this process has for the task. */
  runTime: RunTime;
  /** Makes what the task is run with of what is stored of it. */
  plan: (taken: TakenTask) => StartTaskOptions & { retry: RetryPlan };
}

/**
 * Takes a task that waits, and makes its next attempt, and those after it. `undefined`: it does not
 * wait, may not be taken yet or by this process, or was taken by another one.
 *
 * @throws TaskError `context-unavailable`, `invalid-options`.
 */
export async function takeWaitingTask({
  context,
  taskId,
  definition,
  version,
  runner,
  heartbeatMs,
  graceMs,
  runTime,
  plan,
}: TakeWaitingOptions): Promise<TaskEnd | undefined> {
  if (!context.take) {
    throw new TaskError({
      code: 'invalid-options',
      message: 'This `streamContext` cannot attempt tasks again. Use one that has `take`.',
    });
  }
  // Counted from here on, so that takes which are under way are never more than may run.
  const end = countRunning(context, taskId);
  try {
    const taking = context.take(taskId, {
      ...{ token: createTaskId(), runner, definition, version, leaseMs: 2 * heartbeatMs, graceMs },
    });
    const taken = await unlessAway(taking);
    if (!taken) return undefined;
    const options = plan(taken);
    const beginning = await beginAgain(options, options.retry, taken);
    const run = beginning && runAttempts(options, context, beginning, runTime);
    if (run) context.draining?.track(run.released);
    return run;
  } finally {
    end();
  }
}
