import type { SupervisedTask } from './check-tasks';
import type { TaskRunnerQueue } from './log/task-queue';
import { type Rounds, startRounds } from './recovery/supervise';
import { type CaredDefinition, createSupervision } from './recovery/supervision';
import type { IndexedContext } from './recovery/with-index';
import { askForNextWorker } from './task/ask-for-worker';
import { reportTo } from './task/mask-error';

/** How many outcomes a process delivers at a time. */
const maxDelivering = 10;

/**
 * Looks after the tasks of a queue, as `superviseTasks` does after others, but takes none up: it asks the
 * queue for the next attempt at those that wait. So a task comes back whose worker was lost, or for which
 * the queue was never asked, because the process that opened it was lost before.
 */
export function superviseQueue({
  context,
  tasks,
  queue,
  heartbeatMs,
  onError,
}: {
  context: IndexedContext;
  tasks: readonly SupervisedTask[];
  queue: TaskRunnerQueue;
  heartbeatMs: number;
  onError: ((error: unknown, context: { taskId: string }) => void) | undefined;
}): Rounds {
  const definitions = new Map<string, CaredDefinition>();
  for (const { options } of tasks) {
    const { name, version = 1, onSettle } = options;
    definitions.set(name, {
      version,
      onSettle: onSettle && ((event) => onSettle(event as Parameters<typeof onSettle>[0])),
      async take(taskId, _time, record) {
        const answer = await askForNextWorker(queue, record, { taskId, definition: name });
        return answer === 'asked' ? 'passed' : undefined;
      },
    });
  }
  const supervision = createSupervision({
    ...{ context, definitions, heartbeatMs, runner: queue.runner, invokedAt: undefined },
    ...{ maxRunning: Number.POSITIVE_INFINITY, maxDelivering },
    report: (error, taskId) => reportTo(onError, error, taskId),
  });
  return startRounds({
    ...{ supervision, heartbeatMs, draining: context.draining },
    report: (error) => reportTo(onError, error, ''),
  });
}
