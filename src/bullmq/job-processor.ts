import { DelayedError, WaitingError } from 'bullmq';
import { TaskError } from '../protocol/task-error';
import { createTaskId } from '../protocol/task-id';
import type { SupervisedTask } from '../server/check-tasks';
import { unlessAway } from '../server/log/task-errors';
import type { TaskRecord } from '../server/log/task-record';
import type { TaskStreamContext } from '../server/log/task-stream-context';
import { takeTask } from '../server/take-task';
import { askForNextWorker } from '../server/task/ask-for-worker';
import type { BullJob } from './bull-classes';
import { parseJob, type TaskJob } from './job-data';
import { judgeJob } from './judge-job';
import { createLeaveTimes } from './leave-times';
import { openScheduled } from './open-scheduled';
import type { QueueLink } from './queue-link';
import { scheduledTaskId } from './scheduled-task-id';

/** How long a context that does not say so keeps a task that is over, in milliseconds. */
const defaultRetentionMs = 3_600_000;

/** After how long a job is looked at again whose task the storage could not tell of, in milliseconds. */
const retryMs = 2_000;

export interface JobProcessorOptions {
  context: TaskStreamContext;
  tasks: ReadonlyMap<string, SupervisedTask>;
  link: QueueLink;
  heartbeatMs: number;
  report: (error: unknown, taskId: string) => void;
}

/** The task that a job calls a worker for. */
interface CalledTask {
  readonly taskId: string;
  readonly attempt: number;
  readonly task: SupervisedTask;
  /** Opens the task if the storage does not know it. Absent: there is nothing to open it with. */
  readonly open?: (() => Promise<unknown>) | undefined;
  readonly ageMs: number;
}

/** What becomes of a job: it is `done`, is `left` to workers that know more, or comes again after some time. */
type JobEnd = 'done' | 'left' | { readonly laterMs: number };

/** Makes what a worker of BullMQ does with each job. */
export function createJobProcessor({
  context,
  tasks,
  link,
  heartbeatMs,
  report,
}: JobProcessorOptions): (job: BullJob, token?: string) => Promise<void> {
  const { draining, retentionMs = defaultRetentionMs } = context;
  const leaveUntil = createLeaveTimes();

  /** The task of a job, if this process has its definition, in its version. */
  const callOf = async (job: BullJob, data: TaskJob): Promise<CalledTask | undefined> => {
    const task = tasks.get(data.definition);
    if (!task) return undefined;
    const ageMs = Date.now() - job.timestamp;
    if ('schedule' in data) {
      const { schedule, version = 1 } = data;
      // It becomes a task of that version.
      if (version > (task.options.version ?? 1)) return undefined;
      const taskId = await scheduledTaskId(schedule.seed, job.id ?? '');
      const { delay = 0, priority } = job.opts;
      const open = () => openScheduled({ context, link, task, taskId, schedule, priority, report });
      // Before its time it was not open, nor before a worker had it, however long it has waited for one.
      const openMs = job.attemptsStarted === 1 ? 0 : ageMs - delay;
      return { taskId, task, open, attempt: 1, ageMs: openMs };
    }
    const { taskId, attempt, opening } = data;
    const openWaiting = (given: NonNullable<typeof opening>) =>
      context.open(taskId, { ...given, token: createTaskId(), waits: { delayMs: 0 } });
    return { taskId, attempt, task, ageMs, open: opening && (() => openWaiting(opening)) };
  };

  const judge = (record: TaskRecord | undefined, { attempt, open, ageMs, task }: CalledTask) =>
    judgeJob(
      record,
      { attempt, ageMs, canOpen: open !== undefined },
      { runner: link.runner, version: task.options.version ?? 1, retentionMs, now: Date.now() },
    );

  /** Asks for the next attempt at a task that this worker has made wait again. */
  const passOn = async ({ taskId, task }: CalledTask, data: TaskJob): Promise<void> => {
    await askForNextWorker(link, await context.inspect(taskId), {
      ...{ taskId, definition: task.options.name },
      ...('opening' in data && { opening: data.opening }),
    });
  };

  const run = async (called: CalledTask, data: TaskJob): Promise<JobEnd> => {
    const { taskId, task, open } = called;
    let verdict = judge(await unlessAway(context.inspect(taskId)), called);
    if (verdict.do === 'open') {
      await open?.();
      verdict = { do: 'take' };
    }
    if (verdict.do === 'skip') return 'done';
    if (verdict.do === 'leave') return 'left';
    if (verdict.do === 'later') return { laterMs: verdict.inMs };
    const { heartbeatMs: own = heartbeatMs } = task.options;
    const settings = { streamContext: context, runner: link.runner, heartbeatMs: own };
    const end = await takeTask(task, taskId, settings);
    if (end) {
      const settlement = await end.settled;
      await end.released;
      if (settlement) return 'done';
    } else {
      // Others were faster, or the storage's clock is behind: the task's record tells.
      const again = judge(await unlessAway(context.inspect(taskId)), called);
      if (again.do === 'leave') return 'left';
      if (again.do !== 'skip') return { laterMs: 'inMs' in again ? again.inMs : retryMs };
    }
    // It may have been handed over, or left to a worker that its input fits. Workers look for such
    // tasks, too.
    await passOn(called, data).catch((error: unknown) => report(error, taskId));
    return 'done';
  };

  const process = async (job: BullJob): Promise<JobEnd> => {
    const data = parseJob(job.data);
    if (!data) {
      throw new TaskError({
        code: 'invalid-options',
        message: `The job ${job.id} is no task. Give tasks a queue of their own.`,
      });
    }
    // Another worker may know what this one does not: it is of a newer release.
    const called = data === 'later' ? undefined : await callOf(job, data);
    if (!called || data === 'later') return 'left';
    try {
      return await run(called, data);
    } catch (error) {
      const isAway = TaskError.isInstance(error) && error.code === 'context-unavailable';
      if (!isAway) report(error, called.taskId);
      return { laterMs: retryMs };
    }
  };

  const handle = async (job: BullJob, token: string | undefined): Promise<void> => {
    const end = draining?.begun.aborted ? 'left' : await process(job);
    if (end === 'done') return;
    // A process that takes leave has only kept the job from others.
    if (draining?.begun.aborted) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const now = Date.now();
    await job.moveToDelayed(end === 'left' ? leaveUntil(now) : now + end.laterMs, token);
    throw new DelayedError();
  };

  return (job, token) => {
    const handling = handle(job, token);
    draining?.track(handling);
    return handling;
  };
}
