import type { JobsOptions, RepeatOptions } from 'bullmq';

/** What is needed of a `Queue` of BullMQ. */
export interface BullQueue {
  readonly name: string;
  readonly opts: object;
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  remove(jobId: string): Promise<number>;
  getJobState(jobId: string): Promise<string>;
  getJob(jobId: string): Promise<{ readonly processedOn?: number | undefined } | undefined>;
  upsertJobScheduler(
    id: string,
    repeat: Omit<RepeatOptions, 'key'>,
    template: { name: string; data: unknown; opts: object },
  ): Promise<unknown>;
  removeJobScheduler(id: string): Promise<boolean>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** What is needed of a `Job` of BullMQ, whatever its data are. */
export interface BullJob {
  readonly id?: string | undefined;
  readonly data: unknown;
  /** When it was added, in epoch milliseconds, and how long it was put off then. */
  readonly timestamp: number;
  readonly opts: { readonly delay?: number; readonly priority?: number };
  /** How often a worker has got it, this time included. */
  readonly attemptsStarted: number;
  moveToDelayed(timestamp: number, token?: string): Promise<unknown>;
  moveToWait(token?: string): Promise<unknown>;
}

/** What is needed of a `Worker` of BullMQ. */
export interface BullWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

// What the constructors take differs between versions, so their parameters are cast where they are made.

/** The class `Queue` of BullMQ, or one that extends it. */
export type BullQueueClass = new (name: string, options: never) => BullQueue;

/** The class `Worker` of BullMQ, or one that extends it. */
export type BullWorkerClass = new (name: string, processor: never, options: never) => BullWorker;
