import type { UIMessageChunk } from 'ai';
import { isTaskPart } from '../../protocol/task-parts';
import {
  concernsParts,
  nothingOpen,
  type OpenParts,
  type OpenPartsNow,
  trackChunk,
} from './open-parts';
import { endOfPart } from './part-ends';

/** Follows the parts of a task through its attempts, for a consumer that cannot take anything back. */
export interface AttemptParts {
  /**
   * Takes note of a chunk. Returns the chunks that have to come before it: at a rewind, the ends of the
   * parts that the attempt before has left open.
   */
  track(chunk: UIMessageChunk): readonly UIMessageChunk[];
}

const nothing: readonly UIMessageChunk[] = [];

export function createAttemptParts(taskId: string): AttemptParts {
  const open: OpenPartsNow = new Map();
  // The parts that were open at the newest checkpoint: calls that wait for the page.
  let kept: OpenParts = nothingOpen;

  const rewind = () => {
    const left = [...open].filter(([key]) => !kept.has(key));
    for (const [key] of left) open.delete(key);
    return left.map(([, part]) => endOfPart(part, 'It is done anew.'));
  };

  return {
    track(chunk) {
      const { type } = chunk;
      if (concernsParts(type)) trackChunk(open, chunk);
      else if (type === 'data-task-checkpoint' || type === 'data-task-rewind') {
        if (!isTaskPart(chunk) || chunk.data.taskId !== taskId) return nothing;
        if (type === 'data-task-rewind') return rewind();
        kept = new Map(open);
      }
      return nothing;
    },
  };
}
