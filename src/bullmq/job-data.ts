import type { QueuedAttempt, QueuedOpening } from '../server/log/task-queue';

/** Processes that know a later form of what is in a job leave jobs of that form to each other. */
const knownFormat = 1;

/** What is in the job of an attempt. */
export interface AttemptJob {
  readonly format: number;
  readonly taskId: string;
  readonly definition: string;
  readonly attempt: number;
  readonly opening?: QueuedOpening | undefined;
}

/** What is in the jobs of a schedule, each of which starts a task of its own. */
export interface ScheduledJob {
  readonly format: number;
  readonly definition: string;
  /** The version of the definition that has scheduled it. */
  readonly version?: number | undefined;
  readonly schedule: {
    /** What makes the taskIds such that nobody can guess them. */
    readonly seed: string;
    /** The input as it would come by a request, as JSON. */
    readonly input?: string | undefined;
    readonly owner?: string | undefined;
  };
}

export type TaskJob = AttemptJob | ScheduledJob;

/** The id of the job of an attempt. BullMQ refuses ids of digits alone, and ids with a colon. */
export function jobIdOf({ taskId, attempt }: Pick<QueuedAttempt, 'taskId' | 'attempt'>): string {
  return `task-${taskId}-${attempt}`;
}

export function attemptJob({ taskId, definition, attempt, opening }: QueuedAttempt): AttemptJob {
  return { format: knownFormat, taskId, definition, attempt, opening };
}

export function scheduledJob(given: Omit<ScheduledJob, 'format'>): ScheduledJob {
  return { format: knownFormat, ...given };
}

/** What is in a job: `later` if it is of a later form, and `undefined` if it is none of ours. */
export function parseJob(data: unknown): TaskJob | 'later' | undefined {
  const job = Object(data) as Partial<AttemptJob & ScheduledJob>;
  if (typeof job.format !== 'number' || typeof job.definition !== 'string') return undefined;
  if (job.format > knownFormat) return 'later';
  return job as TaskJob;
}
