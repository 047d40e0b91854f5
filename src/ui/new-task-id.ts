import { createTaskId } from '../protocol/task-id';
import { warnOnce } from './warn-once';

/** Makes a taskId, also on platforms without `crypto`, such as React Native without a polyfill. */
export function newTaskId(): string {
  if ('crypto' in globalThis && globalThis.crypto) return createTaskId();
  warnOnce('Without `crypto`, task ids can be guessed.');
  return createTaskId((bytes) => bytes.map(() => Math.random() * 256));
}
