import { TaskError } from '../../protocol/task-error';
import { serializeFaithfully } from './serialize';

/**
 * The error as clients may see it: with the message of its `toJSON`, which may say less than that of
 * the error itself, and without details that JSON cannot carry.
 *
 * @param onUnsendable Gets the reason why the details were left out.
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
