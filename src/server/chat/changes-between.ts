import type { UIMessage } from 'ai';
import type { ChatChanges } from './chat-types';
import { isSameJson } from './same-json';

/**
 * What has to be written to a table with a row for each message, so that it holds `after` in place
 * of `before`. Messages that a turn does not touch cost no comparison of their contents.
 */
export function changesBetween<Message extends UIMessage>(
  before: readonly Message[],
  after: readonly Message[],
): ChatChanges<Message> {
  const kept = new Set(after.map(({ id }) => id));
  return {
    changed: after.filter((message, index) => !isSameJson(before[index], message)),
    removed: before.flatMap(({ id }) => (kept.has(id) ? [] : [id])),
  };
}
