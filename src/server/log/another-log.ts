import type { Cursor } from '../../protocol/cursor';
import { taskErrorChunk } from './task-error-chunk';
import type { FrameRange } from './task-stream-context';

/**
 * What a reader is told whose cursor belongs to another log of the same taskId, before it gets all
 * of this one. It has the reader's own cursor, so that a cut right behind it loses nothing.
 */
export function anotherLogRange(taskId: string, { epoch, n }: Cursor): FrameRange {
  const frame = JSON.stringify(
    taskErrorChunk(taskId, {
      code: 'gap',
      message: 'The task was begun anew: forget what came of it before, all of it follows.',
      retryable: false,
      details: { cause: 'another-log' },
    }),
  );
  return { epoch, data: [frame], offset: n, start: n, end: n + 1, isReplay: true };
}
