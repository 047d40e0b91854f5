import { styleText } from 'node:util';
import type { TaskStreamState } from '../ui';
import { cleanLine } from './clean-text';
import { describeProgress } from './describe-progress';
import { isWaiting } from './is-waiting';
import { firstOf } from './whole-characters';

const barWidth = 24;
const looks = new Map([
  ['running', { mark: '▸', color: 'cyan' }],
  ['completed', { mark: '✓', color: 'green' }],
  ['failed', { mark: '✗', color: 'red' }],
] as const);

/** The look of every other status; a newer server may know some that this program does not. */
const otherLook = { mark: '·', color: 'gray' } as const;

/**
 * The lines that show a running task in a terminal, to be drawn over by the next ones. No lines for
 * a task that does not run yet.
 */
export function liveBlock(state: TaskStreamState, columns: number, partialCount: number): string[] {
  const { status, connection, steps, percent, isStalled } = state;
  if (status !== 'running') {
    if (connection === 'reconnecting') return [styleText('yellow', 'Trying to connect …')];
    return isWaiting(state) ? [styleText('yellow', 'Waiting for a server to go on …')] : [];
  }
  const lines: string[] = [];
  if (steps.length > 0) {
    const shown = steps.map(({ name, status: of }) => {
      const { mark, color } = (of !== 'pending' && looks.get(of)) || otherLook;
      return styleText(color, `${mark} ${cleanLine(name)}`);
    });
    lines.push(shown.join('  '));
  }
  const trouble =
    connection === 'reconnecting'
      ? styleText('yellow', ' Connection lost, trying again.')
      : isStalled
        ? styleText('yellow', ' Nothing heard for a while.')
        : '';
  const words = describeProgress(state, partialCount) || 'Running';
  lines.push(
    percent === undefined
      ? firstOf(words, columns) + trouble
      : `${drawBar(percent)} ${firstOf(words, columns - barWidth - 1)}${trouble}`,
  );
  return lines;
}

function drawBar(percent: number): string {
  const done = Math.round((percent / 100) * barWidth);
  return styleText('cyan', '█'.repeat(done)) + styleText('gray', '░'.repeat(barWidth - done));
}
