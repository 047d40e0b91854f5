import { TaskError } from '../../protocol/task-error';
import type { TaskRunnerQueue } from '../log/task-queue';

/**
 * Checks that the workers of a queue run tasks of a definition, which otherwise would wait for days.
 *
 * @throws TaskError `invalid-options`.
 */
export function checkQueue(
  { runner, definitions }: Pick<TaskRunnerQueue, 'runner' | 'definitions'>,
  { name }: { readonly name: string },
): void {
  if (!definitions || definitions.includes(name)) return;
  throw new TaskError({
    code: 'invalid-options',
    message: `No worker of \`${runner}\` runs the task \`${name}\`, which would wait there in vain. Pass it in \`tasks\` of \`createTaskQueue\`, also in the workers' processes.`,
  });
}
