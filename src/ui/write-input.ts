import { clientError } from './client-error';
import { errorText } from './error-text';
import { pageFault } from './page-fault';
import type { TaskTransformer } from './task-stream-types';

/**
 * The body of the request that starts a task.
 *
 * @throws TaskError `unserializable` for an input that JSON cannot hold, `page-failed` when the
 * transformer throws.
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

/** @throws Error that names the value that JSON would change without a word. */
function writeFaithfully(body: object): string {
  return JSON.stringify(body, function (this: unknown, key, value: unknown) {
    const name = Object.prototype.toString.call(value);
    if (isLost(value, name, this === body)) throw new Error(`\`${key}\` is ${name}.`);
    return value;
  });
}

/**
 * Whether JSON would lose a value without a word, by the rule that the server has for results: a
 * value with a `toJSON` is kept by it, and an object of a class is kept as its fields, if any.
 */
function isLost(value: unknown, name: string, isWhole: boolean): boolean {
  if (typeof value !== 'object') return isWhole && /^(function|symbol)$/.test(typeof value);
  const prototype: unknown = value && Object.getPrototypeOf(value);
  // No object, or a plain one, also of another realm (such as a frame): its prototype has none.
  if (!value || !prototype || !Object.getPrototypeOf(prototype)) return false;
  if (/(Number|String|Boolean|t Array)\]$/.test(name)) return false;
  return Object.keys(value).length === 0 || /(Map|Set|Error|Array)\]$/.test(name);
}
