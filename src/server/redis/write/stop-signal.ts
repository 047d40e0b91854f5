import type { TaskError } from '../../../protocol/task-error';
import { cancelledError, createStopReason, lostError } from '../../log/stop-reason';
import { decodeReason } from '../scripts/redis-keys';

/** Tells the work of a task that it has to stop, and why. Only the first reason counts. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Asks the work to stop, for a reason as it is stored; does nothing with `undefined`. */
  cancel(reason: string | undefined): void;
  /** Tells the work that others have closed its task. */
  lose(): void;
}

export function createStopSignal(): StopSignal {
  const controller = new AbortController();

  const stop = (error: TaskError) => controller.abort(createStopReason(error));

  return {
    signal: controller.signal,
    cancel(reason) {
      if (reason !== undefined) stop(cancelledError(decodeReason(reason)));
    },
    lose() {
      stop(lostError('The task was closed, because its process gave no sign for too long.'));
    },
  };
}
