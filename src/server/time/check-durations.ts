import { TaskError } from '../../protocol/task-error';
import { longestTimeoutMs } from './later';

/** A duration that an option gives, and what it may be. */
export interface Duration {
  readonly value: number | undefined;
  readonly least: number;
  /** Default: what a timer can wait. */
  readonly most?: number;
}

/** @throws TaskError `invalid-options` that names the option and says what it takes. */
export function checkDurations(durations: Record<string, Duration>): void {
  for (const [name, { value, least, most = longestTimeoutMs }] of Object.entries(durations)) {
    if (value === undefined) continue;
    if (typeof value === 'number' && value >= least && value <= most) continue;
    const message = `\`${name}\` must be a number of milliseconds from ${least} to ${most}.`;
    throw new TaskError({ code: 'invalid-options', message });
  }
}
