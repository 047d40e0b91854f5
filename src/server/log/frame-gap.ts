import { taskErrorChunk } from './task-error-chunk';

/** Why frames are missing. */
export type GapCause =
  | 'storage-away'
  | 'storage-lost'
  | 'log-full'
  | 'frame-too-large'
  | 'end-missed'
  | 'another-log';

const messages: Record<GapCause, string> = {
  'storage-away': 'A part of this task was not kept, because the storage was away.',
  'storage-lost': 'A part of this task is missing, because the storage has lost it.',
  'log-full':
    'The log of this task is full: of what follows the outcome comes in any case, and little else.',
  'frame-too-large': 'A part of this task was too large to be kept.',
  'end-missed': 'The task is over, and its end was missed.',
  'another-log': 'The task was begun anew: forget what came of it before, all of it follows.',
};

/** What a reader is told of frames that are missing. */
export function gapMessage(cause: GapCause): string {
  return messages[cause];
}

/** The frame, as JSON, that a reader gets in place of missing frames. */
export function gapFrame(taskId: string, cause: GapCause): string {
  const message = gapMessage(cause);
  return JSON.stringify(
    taskErrorChunk(taskId, { code: 'gap', message, retryable: false, details: { cause } }),
  );
}
