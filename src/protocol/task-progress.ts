import type { TaskProgress, TaskStep } from './task-parts';
import type { TaskState } from './task-state';

type Measured = Pick<TaskState, 'status' | 'progress' | 'steps'>;

function fractionOf(progress: TaskProgress | undefined): number | undefined {
  const { value = 0, total = 0 } = progress ?? {};
  return total > 0 ? Math.min(1, Math.max(0, value / total)) : undefined;
}

function fractionOfStep(step: TaskStep): number {
  return step.status === 'completed' ? 1 : (fractionOf(step.progress) ?? 0);
}

function fractionOfTask({ status, progress, steps }: Measured): number | undefined {
  if (status === 'completed') return 1;
  const weight = steps.reduce((sum, step) => sum + step.weight, 0);
  if (!(weight > 0)) return fractionOf(progress);
  return steps.reduce((sum, step) => sum + step.weight * fractionOfStep(step), 0) / weight;
}

/**
 * Overall progress in percent, 0 to 100: the weighted share of the steps where there are steps,
 * else `value` of `total`. `undefined` when neither is known.
 */
export function taskPercent(state: Measured): number | undefined {
  const fraction = fractionOfTask(state);
  return fraction === undefined ? undefined : fraction * 100;
}

/**
 * Estimated milliseconds until a running task is done, as if it went on at its average pace:
 * `elapsed × (1 − done) / done` as of the newest snapshot, less the time that has passed since then.
 * `undefined` when the task is not running, has shown no progress, its end is not known, or the
 * server's clock was set back meanwhile.
 *
 * @param now Epoch milliseconds by the server's clock. Default: the time of the newest snapshot.
 */
export function estimateRemainingMs(
  state: Measured & Pick<TaskState, 'createdAt' | 'updatedAt'>,
  now: number | undefined = state.updatedAt,
): number | undefined {
  const { status, createdAt, updatedAt } = state;
  const done = fractionOfTask(state);
  if (status !== 'running' || !done || createdAt === undefined || updatedAt === undefined) {
    return undefined;
  }
  if (!(updatedAt >= createdAt)) return undefined;
  const atSnapshot = ((updatedAt - createdAt) * (1 - done)) / done;
  return Math.max(0, Math.round(atSnapshot - Math.max(0, (now ?? updatedAt) - updatedAt)));
}
