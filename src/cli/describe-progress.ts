import type { TaskStreamState } from '../ui';
import { cleanLine } from './clean-text';
import { countPartials } from './count-partials';
import { formatDuration } from './format-duration';

/** How far a task has come, in words: `42 %, Rendering 3 of 10, 12 s left`. May be empty. */
export function describeProgress(state: TaskStreamState): string {
  const { percent, progress, steps, remainingMs, partials } = state;
  const running = steps.find(({ status }) => status === 'running');
  const { value, total, message } = running?.progress ?? progress ?? {};
  const count = value === undefined ? '' : total ? `${value} of ${total}` : `${value}`;
  return [
    percent === undefined ? '' : `${Math.floor(percent)} %`,
    running ? cleanLine(running.name) : '',
    message === undefined ? count : cleanLine(message),
    remainingMs ? `${formatDuration(remainingMs)} left` : '',
    partials.length > 0 ? countPartials(partials.length) : '',
  ]
    .filter(Boolean)
    .join(', ');
}
