import type { SupervisedTask } from '../server/check-tasks';
import { claimDefinedTask } from '../server/claim-defined-task';
import type { TaskStreamContext } from '../server/log/task-stream-context';
import { inputDecoder, readInput } from '../server/read-input';
import type { ScheduledJob } from './job-data';
import type { QueueLink } from './queue-link';

/**
 * Opens the task of a scheduled job, which the worker that has the job then takes.
 *
 * @throws TaskError `context-unavailable`.
 */
export async function openScheduled({
  context,
  link,
  task,
  taskId,
  schedule: { input: json, owner },
  priority,
  report,
}: {
  context: TaskStreamContext;
  link: QueueLink;
  task: SupervisedTask;
  taskId: string;
  schedule: ScheduledJob['schedule'];
  /** With which the task's job would be added again. */
  priority: number | undefined;
  report: (error: unknown, taskId: string) => void;
}): Promise<void> {
  const { options } = task;
  const input: unknown = json === undefined ? undefined : JSON.parse(json);
  const how = { schema: options.input, transformer: inputDecoder(options.transformer) };
  // The worker has a job for it already.
  const queue = { ...link, enqueue: async () => 'asked' as const };
  const { claiming } = claimDefinedTask(options, {
    ...{ streamContext: context, taskId, owner },
    readInput: () => readInput(input, how),
    storedInput: () => input,
    ...{ request: undefined, params: {} },
    queued: { queue, delayMs: 0, priority },
  });
  const claim = await claiming;
  if (claim.kind !== 'refused') return;
  if (claim.error.code === 'context-unavailable') throw claim.error;
  // An input that does not fit any more, and the like: there is no task to fail.
  report(claim.error, taskId);
}
