import type { TaskEnd } from '../ui';
import { cleanJson, cleanLine } from './clean-text';
import { countPartials } from './count-partials';
import { formatDuration } from './format-duration';

/** How following a task ended, in a line; the details of an error in a second line. */
export function describeEnd(end: TaskEnd, partialCount: number): string[] {
  if (end.status === 'completed') {
    const partials = partialCount > 0 ? `, ${countPartials(partialCount)}` : '';
    return [`Completed in ${formatDuration(end.durationMs)}${partials}.`];
  }
  // Whoever has left the task needs no heading such as "No outcome seen".
  if (end.status === 'unsettled' && end.error.code === 'aborted') return [end.error.message];
  const { code = 'internal', message = '', details } = end.error ?? {};
  const what = { failed: 'Failed', cancelled: 'Cancelled', unsettled: 'No outcome seen' };
  return [
    `${what[end.status]} (${cleanLine(code)}): ${cleanLine(message)}`,
    ...(details === undefined ? [] : [cleanJson(details)]),
  ];
}
