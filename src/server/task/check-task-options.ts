import { TaskError } from '../../protocol/task-error';
import { checkDurations } from '../time/check-durations';

function check(isValid: boolean, message: string): void {
  if (!isValid) throw new TaskError({ code: 'invalid-options', message });
}

/** @throws TaskError `invalid-options` that names the option and says what it takes. */
export function checkTaskOptions({
  execute,
  steps,
  ...options
}: {
  execute: unknown;
  steps?: Record<string, number>;
  heartbeatMs?: number;
  deadlineMs?: number;
  graceMs?: number;
  progressIntervalMs?: number;
}): void {
  check(typeof execute === 'function', '`execute` must be a function.');
  checkDurations({
    heartbeatMs: { value: options.heartbeatMs, least: 1 },
    deadlineMs: { value: options.deadlineMs, least: 1 },
    graceMs: { value: options.graceMs, least: 0 },
    progressIntervalMs: { value: options.progressIntervalMs, least: 0 },
  });
  for (const [name, weight] of Object.entries(steps ?? {})) {
    const fits = Number.isFinite(weight) && weight >= 0;
    check(fits, `The weight of the step \`${name}\` must be a finite number of 0 or more.`);
  }
}
