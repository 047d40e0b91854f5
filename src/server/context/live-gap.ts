/** Why frames of a log of another process are missing. */
export type LiveGapCause = 'log-full' | 'end-missed';

const messages: Record<LiveGapCause, string> = {
  'log-full':
    'This task is too long to be followed as a whole; of the rest only the outcome comes.',
  'end-missed': 'The task is over, and its end was missed.',
};

/** The frame, as JSON, that a reader gets in place of those that are missing. */
export function liveGapFrame(taskId: string, cause: LiveGapCause): string {
  return JSON.stringify({
    type: 'data-task-error',
    id: taskId,
    data: { taskId, code: 'gap', message: messages[cause], retryable: false, details: { cause } },
  });
}
