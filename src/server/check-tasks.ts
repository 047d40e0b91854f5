import { TaskError } from '../protocol/task-error';
import { checkIsDefinition } from './check-definition';
import type { TaskStreamContext } from './log/task-stream-context';
import type { PlainDefinition } from './plain-definition';
import { registerDefinition } from './registered-definitions';

/** A task that `defineTask` has made. */
export interface SupervisedTask {
  readonly options: PlainDefinition;
}

/**
 * Checks the definitions that a process is to serve, and takes note of them.
 *
 * @throws TaskError `invalid-options`.
 */
export function checkTasks(
  tasks: readonly SupervisedTask[],
  context: TaskStreamContext,
): readonly SupervisedTask[] {
  const names = new Set<string>();
  for (const task of tasks) {
    checkIsDefinition(task);
    const { name } = task.options;
    if (names.has(name)) throw createTwiceError(name);
    registerDefinition(context, task.options);
    names.add(name);
  }
  return tasks;
}

function createTwiceError(name: string): TaskError {
  return new TaskError({
    code: 'invalid-options',
    message: `\`tasks\` has two definitions of the name \`${name}\`. Give each a name of its own, and pass each once.`,
  });
}
