import { type ChatBody, readBodyFields } from '../../chat/chat-body';
import type { ChatTurn } from '../../chat/chat-types';
import { checkMessage } from '../../chat/check-message';
import { isContinuation } from '../../chat/is-continuation';
import type { PlainChat } from './plain-chat';

/**
 * Checks what a page has sent for a turn, apart from the chat that it is for.
 *
 * @throws TaskError `invalid-message`, `invalid-body`.
 */
export async function readTurn(
  { taskId: _taskId, message: sent, body, ...turn }: ChatBody,
  taskId: string,
  chat: PlainChat,
): Promise<ChatTurn> {
  const message = sent === undefined ? undefined : await checkMessage(sent, chat);
  await readBodyFields(body, chat.body);
  const asked = {
    ...turn,
    ...(message && { message }),
    ...(Object.keys(body).length > 0 && { body }),
    answerId: '',
  };
  if (message && isContinuation(asked)) return { ...asked, answerId: message.id };
  return { ...asked, answerId: chat.generateId?.() ?? taskId };
}
