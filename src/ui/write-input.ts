import { clientError } from './client-error';
import { pageFault } from './page-fault';
import type { TaskTransformer } from './task-stream-types';

/**
 * The body of the request that starts a task.
 *
 * @throws TaskError `unserializable`, or `page-failed` when it is the transformer that throws.
 */
export function writeInput(
  taskId: string,
  input: unknown,
  transformer: TaskTransformer | undefined,
): string {
  try {
    return JSON.stringify({ taskId, input: transformer ? transformer.stringify(input) : input });
  } catch (cause) {
    throw transformer
      ? pageFault('`transformer.stringify`', cause)
      : clientError('unserializable', 'The input must be JSON.', cause);
  }
}
