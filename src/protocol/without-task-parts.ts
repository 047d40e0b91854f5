/** The types of the parts that a message has of tasks. */
const taskParts = new Set(['data-task', 'data-task-error', 'data-task-settle']);

/**
 * A message without the parts that tell of tasks, for chats that show no progress: those parts take
 * some hundred bytes of each message that is saved, and that a page uploads.
 */
export function withoutTaskParts<Message extends { parts: readonly { type: string }[] }>(
  message: Message,
): Message {
  return { ...message, parts: message.parts.filter(({ type }) => !taskParts.has(type)) };
}
