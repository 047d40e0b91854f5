import type { TaskStreamState } from '../ui';
import { cleanLine } from './clean-text';
import { describeProgress } from './describe-progress';
import { isWaiting } from './is-waiting';

/** The least time between two lines about the same tenth of the way. */
const quietMs = 5_000;

/** What the lines printed so far have told. */
export interface Told {
  state: Pick<TaskStreamState, 'status' | 'connection' | 'steps' | 'heartbeat'>;
  tenth: number | undefined;
  /** When progress was told last, in milliseconds of the same clock as `now`. */
  at: number;
}

/** What was told before the first line. */
export const nothingTold: Told = {
  state: { status: 'pending', connection: 'idle', steps: [] },
  tenth: undefined,
  at: Number.NEGATIVE_INFINITY,
};

/**
 * The lines to print where nothing can be drawn over: what changed of connection and steps, and
 * the progress at each tenth of the way, or after `quietMs`. The `told` that is returned has to be
 * passed the next time.
 */
export function plainProgress(
  { state: last, ...before }: Told,
  state: TaskStreamState,
  now: number,
  partialCount: number,
): { lines: string[]; told: Told } {
  const lines: string[] = [];
  if (isWaiting(state) && !isWaiting(last)) lines.push('Waiting for a server to go on.');
  if (state.status !== 'pending' && last.status === 'pending' && !isWaiting(last)) {
    const name = state.name === undefined ? '' : `${cleanLine(state.name)}, `;
    lines.push(`Following ${name}task ${state.taskId}.`);
  }
  if (last.connection !== state.connection) {
    if (state.connection === 'reconnecting') lines.push('Connection lost, trying again.');
    if (last.connection === 'reconnecting' && state.connection === 'connected') {
      lines.push('Connected again.');
    }
  }
  state.steps.forEach((step, index) => {
    const isNews = step.status !== (last.steps[index]?.status ?? 'pending');
    if (isNews) lines.push(`Step ${cleanLine(step.name)}: ${step.status}.`);
  });
  const text = state.settlement ? '' : describeProgress(state, partialCount);
  const tenth = state.percent === undefined ? undefined : Math.floor(state.percent / 10);
  const isDue = text !== '' && (tenth !== before.tenth || now - before.at >= quietMs);
  if (isDue) lines.push(text);
  return { lines, told: isDue ? { state, tenth, at: now } : { ...before, state } };
}
