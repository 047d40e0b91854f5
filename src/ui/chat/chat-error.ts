import { TaskError } from '../../protocol/task-error';
import { clientError } from '../client-error';
import { isOfNetwork } from '../page-fault';

/** An error as people may read it: platforms tell of trouble with the network in words of their own. */
export function tellable(error: unknown): unknown {
  const { name, message } = Object(error);
  if (TaskError.isInstance(error) || name === 'AbortError' || !isOfNetwork(message)) return error;
  return clientError('gave-up', 'The server cannot be reached. Try again.', error);
}

/** Codes of errors that tell of the way to the server, or of a server that is unwell. */
const passing = new Set([
  'gave-up',
  'unsettled',
  'refused',
  'context-unavailable',
  'chat-unavailable',
]);

/** Whether an error says nothing of the chat itself, so that it is over once the chat was loaded. */
export function isPassingError(error: unknown): boolean {
  return TaskError.isInstance(error) && passing.has(error.code);
}
