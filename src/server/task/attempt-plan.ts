import type { UIMessage } from 'ai';
import type { StoredWork } from '../log/task-attempts';
import type { ExecuteOptions } from './task-options';
import type { TurnsBefore } from './turns-before';

/** What the work of an attempt gets. */
export interface AttemptMeans extends Omit<ExecuteOptions<never, string, unknown>, 'input'> {
  /** The turns of the task's chat before it. Not for hosts. */
  readonly before: TurnsBefore;
}

/** The work of one attempt. */
export interface AttemptWork {
  execute: (means: AttemptMeans) => unknown;
  /** The chat's messages, where the host has given them for this attempt. */
  originalMessages?: readonly UIMessage[];
  trigger?: string;
  messageId?: string;
  /** Whether what `execute` throws ends the task, because no other attempt would go better. */
  isFinal?: boolean;
}

/** How a task is attempted again. */
export interface RetryPlan {
  /** What is stored for later attempts. */
  readonly work: StoredWork;
  /** The version of the definition that this process knows, which may be later than the stored one. */
  readonly version: number;
  /** Makes the work of a later attempt of what is stored. Rejects when that does not fit. */
  readonly again: (work: StoredWork, chatId: string | undefined) => Promise<AttemptWork>;
  /** How long to wait after an attempt that has failed, in milliseconds. */
  readonly backoffMs: (attempt: number) => number;
  /** Whether an attempt that has thrown this error is worth another one. */
  readonly when: (error: unknown) => boolean;
}
