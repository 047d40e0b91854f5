import type { TaskError } from '../../protocol/task-error';
import type { HandOverAnswer } from '../log/task-attempts';
import type { TaskLog } from '../log/task-stream-context';
import type { AttemptWork, RetryPlan } from './attempt-plan';

/** What came of an attempt that has failed, if another one was worth it. */
export interface HandOver {
  readonly answer: HandOverAnswer;
  /** After how many milliseconds the task may be taken. */
  readonly delayMs: number;
}

/**
 * Returns a function that hands a task over after its work has failed, so that it is attempted again.
 * It resolves with `undefined` when the error is not worth another attempt.
 */
export function handOverAfter({
  retry,
  log,
  work,
  mask,
}: {
  retry: RetryPlan;
  log: TaskLog;
  work: AttemptWork;
  mask: (error: unknown) => TaskError;
}): (failure: { thrown: unknown; told: TaskError }) => Promise<HandOver | undefined> {
  const isWorthIt = (thrown: unknown, { retryable }: TaskError): boolean => {
    if (work.isFinal) return false;
    try {
      return retryable || retry.when(thrown);
    } catch (error) {
      mask(error);
      return false;
    }
  };
  return async ({ thrown, told }) => {
    if (!log.handOver || !isWorthIt(thrown, told)) return undefined;
    let delayMs = 0;
    try {
      delayMs = retry.backoffMs(log.attempt ?? 1);
    } catch (error) {
      mask(error);
    }
    return { answer: await log.handOver({ delayMs }), delayMs };
  };
}
