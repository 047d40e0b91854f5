import { Queue as BullMqQueue, Worker as BullMqWorker } from 'bullmq';
import { TaskError } from '../protocol/task-error';
import { checkTasks, type SupervisedTask } from '../server/check-tasks';
import { claimDefinedTask } from '../server/claim-defined-task';
import { callHost } from '../server/log/call-host';
import { encodeInput, readInput } from '../server/read-input';
import { withIndex } from '../server/recovery/with-index';
import { superviseQueue } from '../server/supervise-queue';
import { checkDurations } from '../server/time/check-durations';
import { toTaskStreamContext } from '../server/to-task-stream-context';
import type { BullQueue } from './bull-classes';
import { createJobProcessor } from './job-processor';
import { failFast, isCluster, sharedConnection } from './queue-connection';
import { createQueueLink } from './queue-link';
import { scheduleTask } from './schedule-task';
import { startWorker } from './start-worker';
import type { CreateTaskQueueOptions, TaskQueue, TaskWorker } from './task-queue-options';
import { createTrouble } from './trouble';

const defaultMaxWaitMs = 7 * 24 * 60 * 60 * 1000;

/** @throws TaskError `invalid-options`. */
function check(isValid: boolean, message: string): void {
  if (!isValid) throw new TaskError({ code: 'invalid-options', message });
}

/**
 * Makes a queue of tasks on BullMQ: routes and crons start them, worker processes run them, and pages
 * follow them as they do all others. It connects at its first use.
 *
 * @throws TaskError `invalid-options`.
 */
export function createTaskQueue({
  streamContext,
  tasks,
  connection,
  queue: ownQueue,
  name = ownQueue?.name ?? 'tasks',
  Queue = BullMqQueue,
  Worker = BullMqWorker,
  maxWaitMs = defaultMaxWaitMs,
  commandTimeoutMs = 5_000,
  onError = (error) => console.error('ai-task-stream:', error),
  ...queueOptions
}: CreateTaskQueueOptions): TaskQueue {
  const context = withIndex(toTaskStreamContext(streamContext));
  check(
    context.take !== undefined,
    'This `streamContext` cannot hand tasks to workers. Use `createRedisStreamContext()`.',
  );
  check(
    ownQueue !== undefined || connection !== undefined,
    '`createTaskQueue` needs a `connection`, such as `{ url: process.env.REDIS_URL }`, or a `queue`.',
  );
  check(!name.includes(':'), 'The `name` of a queue must not hold a colon.');
  check(
    !isCluster(connection) || /\{[^}]+\}/.test(queueOptions.prefix ?? ''),
    'In a Redis Cluster all keys of a queue must be in one slot: give it a `prefix` in braces, such as `{tasks}`.',
  );
  checkDurations({
    maxWaitMs: { value: maxWaitMs, least: 0, most: Number.MAX_SAFE_INTEGER },
    commandTimeoutMs: { value: commandTimeoutMs, least: 1 },
  });
  const definitions = new Map<string, SupervisedTask>();
  for (const task of checkTasks(tasks, context)) definitions.set(task.options.name, task);
  const report = (error: unknown, taskId: string) =>
    callHost(() => onError(error, { taskId }), console.error);
  const trouble = createTrouble((error) => report(error, ''));
  const workers = new Set<TaskWorker>();
  let opened: BullQueue | undefined = ownQueue;

  const openQueue = (): BullQueue => {
    const options = { ...queueOptions, connection: failFast(connection ?? {}) };
    const queue: BullQueue = new Queue(name, options as never);
    queue.on('error', trouble.report);
    return queue;
  };
  const queue = (): BullQueue => {
    opened ??= openQueue();
    return opened;
  };

  const runner = `queue:${name}`;
  const link = createQueueLink({ queue, runner, maxWaitMs, commandTimeoutMs, trouble });

  const optionsOf = (task: SupervisedTask): SupervisedTask['options'] => {
    const known = definitions.get(Object(task.options).name);
    check(
      known?.options === task.options,
      'This task is none of the queue. Pass it in `tasks` of `createTaskQueue`.',
    );
    return task.options;
  };

  return {
    ...link,
    definitions: [...definitions.keys()],

    start(task, ...[input, given = {}]) {
      const options = optionsOf(task);
      const { delay = 0, keepLogs, lifo, priority, sizeLimit, telemetry, ...settings } = given;
      const { request, params = {}, ...own } = settings;
      const jobOptions = { keepLogs, lifo, sizeLimit, telemetry };
      checkDurations({ delay: { value: delay, least: 0, most: Number.MAX_SAFE_INTEGER } });
      return claimDefinedTask<never>(options, {
        ...own,
        streamContext: context,
        readInput: () => readInput(input, { schema: options.input, transformer: undefined }),
        storedInput: () => encodeInput(input, options.transformer),
        ...{ request, params },
        queued: { queue: link.withJobOptions(jobOptions), delayMs: delay, priority },
      }).task;
    },

    async schedule(id, task, input, repeat, { owner, priority } = {}) {
      const options = optionsOf(task);
      await scheduleTask(queue(), { id, options, input, repeat, owner, priority });
    },

    unschedule: (id) => queue().removeJobScheduler(id),

    work({ connection: ownConnection, heartbeatMs = 5_000, ...workerOptions } = {}) {
      checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
      const shared = sharedConnection(queue(), { connection, ...queueOptions });
      const rounds = superviseQueue({ context, tasks, queue: link, heartbeatMs, onError });
      const worker = startWorker({
        ...{ Worker, name, rounds, trouble, draining: context.draining },
        process: createJobProcessor({ context, tasks: definitions, link, heartbeatMs, report }),
        options: {
          ...shared,
          ...(ownConnection && { connection: ownConnection }),
          ...workerOptions,
        },
        onClosed: () => workers.delete(worker),
      });
      workers.add(worker);
      return worker;
    },

    async close() {
      await Promise.all([...workers].map((worker) => worker.close()));
      if (opened !== ownQueue) await opened?.close();
    },
  };
}
