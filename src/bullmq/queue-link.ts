import type { JobsOptions } from 'bullmq';
import type { QueueAnswer, QueuedAttempt, TaskRunnerQueue } from '../server/log/task-queue';
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

/** How long a worker has a job before another one is called, at least, in milliseconds. */
const heldMs = 1_000;

/** How often another one is called, at most, in milliseconds. */
const againMs = 5_000;

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

  const addJob = (jobId: string, attempt: QueuedAttempt, options: JobsOptions) =>
    queue().add(attempt.definition, attemptJob(attempt), {
      ...options,
      ...ownJobOptions,
      ...{ jobId, delay: Math.ceil(attempt.delayMs ?? 0) },
      ...(attempt.priority !== undefined && { priority: attempt.priority }),
      // What was begun goes before what was not.
      ...(attempt.attempt > 1 && { lifo: true }),
    });

  const ask = async (attempt: QueuedAttempt, options: JobsOptions): Promise<QueueAnswer> => {
    const jobId = jobIdOf(attempt);
    await addJob(jobId, attempt, options);
    // There can be no earlier job.
    if (attempt.isJustOpened) return 'asked';
    const state = await queue().getJobState(jobId);
    if (endStates.has(state)) {
      await queue().remove(jobId);
      await addJob(jobId, attempt, options);
    }
    if (state !== 'active') return 'asked';
    // The task waits, so the worker that has the job was lost before it took the task, or is about to.
    // BullMQ finds that out by its lock, which takes long; a job that is one too many does no harm.
    const { processedOn = Date.now() } = (await queue().getJob(jobId)) ?? {};
    const now = Date.now();
    if (now - processedOn >= heldMs) {
      await addJob(`${jobId}-${Math.floor(now / againMs)}`, attempt, options);
    }
    return 'held';
  };

  const withJobOptions = (options: JobsOptions): TaskRunnerQueue => ({
    ...{ runner, maxWaitMs, remove },
    async enqueue(attempt) {
      try {
        // If the answer comes too late, the opening was taken back.
        const takeBack = () => attempt.isJustOpened && void remove(attempt);
        const answer = await answerWithin(commandTimeoutMs, ask(attempt, options), takeBack);
        trouble.over();
        return answer;
      } catch (error) {
        trouble.report(error);
        throw error;
      }
    },
  });

  return { ...withJobOptions({}), withJobOptions };
}
