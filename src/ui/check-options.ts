import { clientError } from './client-error';
import type { FollowOptions } from './task-client-options';
import { warnOnce } from './warn-once';

/** @throws TaskError `invalid-options` that names the option and says what it takes. */
export function checkNumbers(options: object, least: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (typeof value === 'number' && value >= least)) continue;
    throw clientError('invalid-options', `\`${name}\` must be a number, ${least} or more.`);
  }
}

/** @throws TaskError `invalid-options` that names the option and says what it takes. */
export function checkFollowOptions({ reconnect = {}, stallTimeoutMs }: FollowOptions): void {
  const { initialDelayMs = 0, maxDelayMs = initialDelayMs } = reconnect;
  checkNumbers(reconnect, 0);
  checkNumbers({ stallTimeoutMs }, 1);
  if (initialDelayMs > maxDelayMs) warnOnce('`initialDelayMs` is above `maxDelayMs`.');
}
