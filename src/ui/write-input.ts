import { clientError } from './client-error';
import { errorText } from './error-text';
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
    return transformer
      ? JSON.stringify({ taskId, input: transformer.stringify(input) })
      : writeFaithfully({ taskId, input });
  } catch (cause) {
    throw transformer
      ? pageFault('`transformer.stringify`', cause)
      : clientError('unserializable', `No JSON: ${errorText(cause)} Use a transformer.`, cause);
  }
}

/** @throws Error that names the value of which JSON would keep something else without a word. */
function writeFaithfully(body: object): string {
  return JSON.stringify(body, function (this: unknown, key, value: unknown) {
    const name = Object.prototype.toString.call(value);
    if (isLost(value, name, this === body)) throw new Error(`\`${key}\` is ${name}.`);
    return value;
  });
}

/**
 * The same rule as for results on the server: what has a `toJSON` says itself what it is, and an
 * object of a class arrives as its fields, if it has any.
 */
function isLost(value: unknown, name: string, isWhole: boolean): boolean {
  if (typeof value !== 'object') return isWhole && /^(function|symbol)$/.test(typeof value);
  const prototype: unknown = value && Object.getPrototypeOf(value);
  // None, plain, or plain in another realm.
  if (!value || !prototype || !Object.getPrototypeOf(prototype)) return false;
  if (/(Number|String|Boolean|t Array)\]$/.test(name)) return false;
  return Object.keys(value).length === 0 || /(Map|Set|Error|Array)\]$/.test(name);
}
