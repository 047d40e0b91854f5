import { createTaskId } from '../protocol/task-id';
import { warnOnce } from './warn-once';

/** Makes a taskId, also where the platform has no `crypto`, as React Native without a polyfill. */
export function newTaskId(): string {
  if ('crypto' in globalThis && globalThis.crypto) return createTaskId();
  warnOnce('Without `crypto`, task ids can be guessed.');
  return createTaskId((bytes) => bytes.map(() => Math.random() * 256));
}
