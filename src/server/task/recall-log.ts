import type { UIMessageChunk } from 'ai';
import type { Cursor } from '../../protocol/cursor';
import { framesOf } from '../log/frames-of';
import type { TaskReader } from '../log/task-reader';
import { breathe } from '../time/slices';

/**
 * Reads a log as far as it goes when an attempt begins.
 *
 * @param last The last frame before those of the attempt.
 * @param firstCount How many frames the attempt begins with.
 * @returns whether the log could be read that far.
 */
export async function recallLog({
  reader,
  last,
  firstCount,
  onFrame,
}: {
  reader: TaskReader;
  last: Cursor;
  firstCount: number;
  onFrame: (chunk: UIMessageChunk, frame: string) => void;
}): Promise<boolean> {
  try {
    for await (const range of reader) {
      const isOfAttempt = range.epoch > last.epoch;
      for (const { n, data } of framesOf(range)) {
        onFrame(JSON.parse(data), data);
        if (isOfAttempt && n >= firstCount - 1) return true;
        await breathe();
      }
    }
    return false;
  } finally {
    reader.close();
  }
}
