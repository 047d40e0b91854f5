import { taskErrorChunk } from '../log/task-error-chunk';

/** Why frames of a log of another process are missing. */
export type LiveGapCause = 'log-full' | 'end-missed';

const messages: Record<LiveGapCause, string> = {
  'log-full':
    'This task is too long to be followed as a whole; of the rest only the outcome comes.',
  'end-missed': 'The task is over, and its end was missed.',
};

/** The frame, as JSON, that a reader gets in place of those that are missing. */
export function liveGapFrame(taskId: string, cause: LiveGapCause): string {
  const message = messages[cause];
  return JSON.stringify(
    taskErrorChunk(taskId, { code: 'gap', message, retryable: false, details: { cause } }),
  );
}
