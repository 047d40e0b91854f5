import { TaskError } from '../../protocol/task-error';
import type { TaskSettlement } from '../../protocol/task-parts';
import { initialTaskState, reduceTaskChunk, type TaskState } from '../../protocol/task-state';
import type { TaskReader } from '../context/task-stream-context';
import { chunksOf } from '../http/chunk-stream';

/**
 * Reads a log to its outcome.
 *
 * @throws TaskError `unsettled` when the log ends without one.
 */
export async function followSettlement(reader: TaskReader): Promise<TaskSettlement> {
  let state: TaskState = initialTaskState;
  try {
    while (!state.settlement) {
      const range = reader.take();
      if (range) {
        for (const json of chunksOf(range)) state = reduceTaskChunk(state, JSON.parse(json));
      } else if (reader.isEnded) {
        throw new TaskError({
          code: 'unsettled',
          message: 'The log of the task ended without an outcome.',
          retryable: true,
        });
      } else {
        await reader.wait();
      }
    }
    return state.settlement;
  } finally {
    reader.close();
  }
}
