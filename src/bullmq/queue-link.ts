import type { JobsOptions } from 'bullmq';
import type { QueuedAttempt, TaskRunnerQueue } from '../server/log/task-queue';
import { answerWithin } from '../server/time/answer-within';
import type { BullQueue } from './bull-classes';
import { attemptJob, jobIdOf } from './job-data';
import type { Trouble } from './trouble';

/** How jobs are made, whatever the host's defaults are: the task's own storage decides about attempts. */
export const ownJobOptions = {
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: { count: 1_000 },
} as const;

/** The states in which a job does nothing more, but keeps its id. */
const endStates: ReadonlySet<string> = new Set(['completed', 'failed']);

export interface QueueLinkOptions {
  /** The queue, which connects when this is called first. */
  queue: () => BullQueue;
  runner: string;
  maxWaitMs: number;
  commandTimeoutMs: number;
  trouble: Trouble;
}

/** The queue as those who start tasks know it. */
export interface QueueLink extends TaskRunnerQueue {
  /** The same queue, whose jobs have these options. */
  withJobOptions(options: JobsOptions): TaskRunnerQueue;
}

export function createQueueLink({
  queue,
  runner,
  maxWaitMs,
  commandTimeoutMs,
  trouble,
}: QueueLinkOptions): QueueLink {
  const remove: TaskRunnerQueue['remove'] = async (attempt) => {
    try {
      await answerWithin(commandTimeoutMs, queue().remove(jobIdOf(attempt)));
    } catch (error) {
      // Whoever gets the job finds that there is nothing to do.
      trouble.report(error);
    }
  };

  const add = async (attempt: QueuedAttempt, options: JobsOptions): Promise<void> => {
    const jobId = jobIdOf(attempt);
    const { delayMs = 0, definition } = attempt;
    const addJob = () =>
      queue().add(definition, attemptJob(attempt), {
        ...options,
        ...ownJobOptions,
        ...{ jobId, delay: Math.ceil(delayMs) },
        // What was begun goes before what was not.
        ...(attempt.attempt > 1 && { lifo: true }),
      });
    await addJob();
    // Of a task that was opened just now there can be no earlier job.
    if (attempt.opening || !endStates.has(await queue().getJobState(jobId))) return;
    await queue().remove(jobId);
    await addJob();
  };

  const withJobOptions = (options: JobsOptions): TaskRunnerQueue => ({
    ...{ runner, maxWaitMs, remove },
    async enqueue(attempt) {
      try {
        // If the answer comes too late, the task was withdrawn.
        const takeBack = () => attempt.opening && void remove(attempt);
        await answerWithin(commandTimeoutMs, add(attempt, options), takeBack);
        trouble.over();
      } catch (error) {
        trouble.report(error);
        throw error;
      }
    },
  });

  return { ...withJobOptions({}), withJobOptions };
}
