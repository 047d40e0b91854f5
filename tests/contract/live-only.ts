import type { StreamContextPromise } from 'ai-task-stream/testing';

/** What contexts of `resumable-stream` leave out: other instances only know what is sent to them. */
export const liveOnly: readonly StreamContextPromise[] = [
  'replay after the end',
  'atomic opening across instances',
  'cancel across instances',
  'chats across instances',
  'outcome across instances',
  'attempts',
  'open tasks',
];
