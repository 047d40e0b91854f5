import { checkTasks, type SupervisedTask } from './check-tasks';
import { checkCounts } from './log/check-counts';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import type { TaskStreamContext } from './log/task-stream-context';
import { makeRounds, startRounds } from './recovery/supervise';
import {
  type CaredDefinition,
  createSupervision,
  type SuperviseCounts,
  type SupervisionOptions,
} from './recovery/supervision';
import { withIndex } from './recovery/with-index';
import { takeTask } from './take-task';
import { reportTo } from './task/mask-error';
import type { TaskSettleEvent } from './task/task-options';
import { checkDurations } from './time/check-durations';
import { toTaskStreamContext } from './to-task-stream-context';

export interface SuperviseTasksOptions {
  /** Where the logs live: one that has an index of open tasks, as those in Redis and in memory do. */
  streamContext: TaskStreamContext | ResumableStreamContext;
  /** The definitions whose tasks are looked after. */
  tasks: readonly SupervisedTask[];
  /**
   * Called with the outcome of a task that is over and unsaved, of a definition without an `onSettle`
   * or of `streamTask`, as that of `resumeTask` is: at least once, by one process at a time. Default:
   * such outcomes are left to others, and tasks of `streamTask` are not looked after.
   */
  onSettle?: (event: TaskSettleEvent<unknown>) => Promise<void> | void;
  /**
   * How many tasks this process may run at a time, those that were started here included, for another
   * one to be taken up. Default 10.
   */
  maxRunning?: number;
  /**
   * About how often tasks are looked for, in milliseconds; each is looked at once in twice that time,
   * by all supervisors together. Also the heartbeat of tasks that are taken up, unless their definition
   * has one. Default 5,000.
   */
  heartbeatMs?: number;
  /** Gets what goes wrong; without a `taskId` the storage is away. Default: `console.error`. */
  onError?: (error: unknown, context: { taskId: string }) => void;
}

/** A supervisor that looks after tasks until it is stopped. */
export interface TaskSupervisor {
  /**
   * Takes nothing more. Resolves when what is being looked at now was looked at; tasks that were taken
   * go on. Idempotent.
   */
  stop(): Promise<void>;
}

/**
 * Looks after the tasks of some definitions, whether or not somebody follows them: takes up those that
 * wait because their process was lost or has handed them over, closes those that are lost and have no
 * attempts left, and delivers outcomes that the host could not be told of. Call it once in each process
 * that may run such tasks; supervisors share the work. It ends by itself when the context drains, and
 * keeps no process alive.
 *
 * @throws TaskError `invalid-options`.
 */
export function superviseTasks(options: SuperviseTasksOptions): TaskSupervisor {
  const { settings, heartbeatMs, report } = settingsOf(options, undefined);
  return startRounds({
    ...{ heartbeatMs, draining: settings.context.draining },
    supervision: createSupervision(settings),
    report: (error) => report(error, ''),
  });
}

/**
 * Looks once after all tasks that are due, as `superviseTasks` does all the time: for a cron job, or in
 * the `waitUntil` of a request. Resolves with what it has done, once the tasks are over that it has taken
 * up or, where their definition has `maxRunMs`, handed over again: that time counts from this call on.
 *
 * @throws TaskError `invalid-options`; the promise rejects with `context-unavailable`.
 */
export async function superviseOnce(options: SuperviseTasksOptions): Promise<SuperviseCounts> {
  const { settings, heartbeatMs } = settingsOf(options, performance.now());
  const supervision = createSupervision(settings);
  await makeRounds({ supervision, heartbeatMs, draining: settings.context.draining });
  return { ...supervision.counts };
}

/** Checks the options, and puts in defaults. */
function settingsOf(
  {
    streamContext,
    tasks,
    onSettle,
    maxRunning = 10,
    heartbeatMs = 5_000,
    onError,
  }: SuperviseTasksOptions,
  invokedAt: number | undefined,
): {
  settings: SupervisionOptions;
  heartbeatMs: number;
  report: SupervisionOptions['report'];
} {
  checkCounts({ maxRunning }, { mayBeAny: true });
  checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
  const context = withIndex(toTaskStreamContext(streamContext));
  const definitions = new Map<string | undefined, CaredDefinition>();
  for (const task of checkTasks(tasks, context)) {
    const care = careOf(task, context, { onSettle, heartbeatMs, onError });
    definitions.set(task.options.name, care);
  }
  if (onSettle) {
    definitions.set(undefined, { version: 1, onSettle, take: async () => undefined });
  }
  const report: SupervisionOptions['report'] = (error, taskId) => reportTo(onError, error, taskId);
  return {
    settings: {
      ...{ context, definitions, runner: 'any', maxRunning, maxDelivering: maxRunning },
      ...{ heartbeatMs, invokedAt, report },
    },
    ...{ heartbeatMs, report },
  };
}

/** How the tasks of a definition are looked after. */
function careOf(
  task: SupervisedTask,
  streamContext: TaskStreamContext,
  {
    onSettle: given,
    heartbeatMs,
    onError,
  }: Pick<SuperviseTasksOptions, 'onSettle' | 'heartbeatMs' | 'onError'>,
): CaredDefinition {
  const { version = 1, maxRunMs, onSettle: own, ...definition } = task.options;
  const settings = {
    streamContext,
    heartbeatMs: definition.heartbeatMs ?? heartbeatMs,
    // The options of a take win over those of the definition.
    ...(!own && given && { onSettle: given }),
    ...(!definition.onError && onError && { onError }),
  };
  return {
    ...{ version, maxRunMs },
    onSettle: own ? (event) => own(event as Parameters<typeof own>[0]) : given,
    take: (taskId, time) => takeTask(task, taskId, { ...settings, ...time }),
  };
}
