/** The types of task parts that messages keep. */
const taskParts = new Set(['data-task', 'data-task-error', 'data-task-settle']);

/**
 * A message without its task parts, for chats that show no progress: task parts take some hundred
 * bytes of each message that is saved, and that a page uploads.
 */
export function withoutTaskParts<Message extends { parts: readonly { type: string }[] }>(
  message: Message,
): Message {
  return { ...message, parts: message.parts.filter(({ type }) => !taskParts.has(type)) };
}
