import type { TaskError } from '../../protocol/task-error';
import type { HandOverAnswer } from '../log/task-attempts';
import type { TaskLog } from '../log/task-stream-context';
import type { AttemptWork, RetryPlan } from './attempt-plan';

/** What came of handing a task over. */
export interface HandedOver {
  readonly answer: HandOverAnswer;
  /** After how many milliseconds the task may be taken. */
  readonly delayMs: number;
}

/** Hands a task over, so that it is attempted again. */
export interface HandOver {
  /**
   * After the work has failed. Resolves with `undefined` when the error is not worth another attempt.
   */
  afterFailure(failure: { thrown: unknown; told: TaskError }): Promise<HandedOver | undefined>;
  /**
   * When the attempt has to leave its process. `isFree`: it does not count, also without a checkpoint.
   * Resolves with `undefined` when nobody could go on with it.
   */
  toLeave(how: { isFree: boolean }): Promise<HandedOver | undefined>;
}

export function createHandOver({
  retry,
  log,
  work,
  canPass,
  mask,
}: {
  retry: RetryPlan;
  log: TaskLog;
  work: AttemptWork;
  /** Whether anybody could go on with the task. */
  canPass: () => boolean;
  mask: (error: unknown) => TaskError;
}): HandOver {
  const isWorthIt = (thrown: unknown, { retryable }: TaskError): boolean => {
    if (work.isFinal) return false;
    try {
      return retryable || retry.when(thrown);
    } catch (error) {
      mask(error);
      return false;
    }
  };
  return {
    async afterFailure({ thrown, told }) {
      if (!log.handOver || !canPass() || !isWorthIt(thrown, told)) return undefined;
      let delayMs = 0;
      try {
        delayMs = retry.backoffMs(log.attempt ?? 1);
      } catch (error) {
        mask(error);
      }
      return { answer: await log.handOver({ delayMs }), delayMs };
    },
    async toLeave({ isFree }) {
      if (!log.handOver || !canPass()) return undefined;
      return { answer: await log.handOver({ isFree }), delayMs: 0 };
    },
  };
}
