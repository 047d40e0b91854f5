import { TaskError } from '../../protocol/task-error';
import { serializeFaithfully } from './serialize';

/**
 * The error as its `toJSON` lets clients see it, which may say less than its own message does; and
 * without its details if JSON cannot carry them.
 *
 * @param onUnsendable Gets the reason why they had to go.
 */
export function sendable(error: TaskError, onUnsendable?: (cause: unknown) => void): TaskError {
  const { details, ...data } = error.toJSON();
  try {
    serializeFaithfully(details, 'details');
  } catch (cause) {
    onUnsendable?.(cause);
    return new TaskError({ ...data, cause: error });
  }
  return data.message === error.message ? error : new TaskError({ ...data, details, cause: error });
}
