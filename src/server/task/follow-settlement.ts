import type { TaskSettlement } from '../../protocol/task-parts';
import { createUnsettledError } from '../log/task-errors';
import type { TaskReader } from '../log/task-stream-context';

/**
 * Reads a log to the outcome of its root task.
 *
 * @throws TaskError `unsettled` when the log ends without one.
 */
export async function followSettlement(
  reader: TaskReader,
  taskId: string,
): Promise<TaskSettlement> {
  const settles = `{"type":"data-task-settle","id":${JSON.stringify(taskId)}`;
  try {
    for (;;) {
      const range = reader.take();
      if (range) {
        for (let n = range.start; n < range.end; n++) {
          const json = range.data[n - range.offset];
          if (json?.startsWith(settles)) return JSON.parse(json).data;
        }
      } else if (reader.isEnded) {
        throw createUnsettledError();
      } else {
        await reader.wait();
      }
    }
  } finally {
    reader.close();
  }
}
