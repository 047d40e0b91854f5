import type { TaskStreamState } from '../ui';
import { cleanLine } from './clean-text';
import { countPartials } from './count-partials';
import { formatDuration } from './format-duration';

/**
 * How far a task has come, in words: `42 %, Rendering 3 of 10, 12 s left`. May be empty.
 *
 * @param partialCount How many partial results there are. Not read from the state, which would copy
 * the list of them for each line.
 */
export function describeProgress(state: TaskStreamState, partialCount: number): string {
  const { percent, progress, steps, remainingMs } = state;
  const running = steps.find(({ status }) => status === 'running');
  const { value, total, message } = running?.progress ?? progress ?? {};
  const count = value === undefined ? '' : total ? `${value} of ${total}` : `${value}`;
  return [
    percent === undefined ? '' : `${Math.floor(percent)} %`,
    running ? cleanLine(running.name) : '',
    message === undefined ? count : cleanLine(message),
    remainingMs ? `${formatDuration(remainingMs)} left` : '',
    partialCount > 0 ? countPartials(partialCount) : '',
  ]
    .filter(Boolean)
    .join(', ');
}
