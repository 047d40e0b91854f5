import type { TaskRecord } from './task-record';

/** What is known of a task from its start on, and never changes. */
export type KnownTask = Pick<TaskRecord, 'owner' | 'chatId' | 'name' | 'definition' | 'createdAt'>;

/** Only these fields, of whatever else is kept of a task. */
export function knownOf({ owner, chatId, name, definition, createdAt }: KnownTask): KnownTask {
  return { owner, chatId, name, definition, createdAt };
}
