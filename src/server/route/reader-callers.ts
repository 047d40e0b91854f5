import type { TaskRunnerQueue } from '../log/task-queue';
import type { TaskStreamContext } from '../log/task-stream-context';
import { askForNextWorker } from '../task/ask-for-worker';
import type { ReaderTakers, WatchedResponse } from './reader-takers';

const notWatched = Promise.resolve();

/**
 * Lets the processes whose pages follow a task of a queue call for a worker when it has lost its own:
 * they learn of that first. Those that began the task have called for its first worker.
 */
export function createReaderCallers({
  queue,
  streamContext,
  definition,
}: {
  queue: TaskRunnerQueue;
  streamContext: TaskStreamContext;
  definition: string;
}): ReaderTakers {
  // The tasks that this route calls for now, whichever response has found them.
  const underWay = new Set<string>();

  const call = async (taskId: string): Promise<void> => {
    if (underWay.has(taskId)) return;
    underWay.add(taskId);
    try {
      const record = await streamContext.inspect(taskId);
      await askForNextWorker(queue, record, { taskId, definition });
    } catch {
      // The storage or the queue is away. Workers look for such tasks, too.
    } finally {
      underWay.delete(taskId);
    }
  };

  return {
    watch: () => ({
      respond(taskId): WatchedResponse {
        // With each heartbeat it is told again that the task waits.
        let hasCalled = false;
        return {
          onWaiting(response) {
            if (hasCalled || !response.isAfterLoss || !response.isWaiting()) return;
            hasCalled = true;
            void call(taskId);
          },
          onLeave() {},
          over: notWatched,
        };
      },
    }),
  };
}
