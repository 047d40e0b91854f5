import type { TaskSettlement } from '../../protocol/task-parts';
import { createUnsettledError } from '../log/task-errors';
import { taskPartTest } from '../log/task-part-test';
import type { TaskReader } from '../log/task-reader';

/**
 * Reads a log to the outcome of its root task.
 *
 * @throws TaskError `unsettled` when the log ends without one.
 */
export async function followSettlement(
  reader: TaskReader,
  taskId: string,
): Promise<TaskSettlement> {
  const isSettlement = taskPartTest('data-task-settle', taskId);
  try {
    for await (const { data, offset, start, end } of reader) {
      for (let n = start; n < end; n++) {
        const json = data[n - offset] ?? '';
        if (isSettlement(json)) return JSON.parse(json).data;
      }
    }
    throw createUnsettledError();
  } finally {
    reader.close();
  }
}
