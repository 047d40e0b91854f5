import { streamTask } from 'ai-task-stream/server';
import { after } from 'next/server';
import { answer } from '../../../lib/answer';
import { checkMessages } from '../../../lib/chat-message';
import { readChatRequest, refuse } from '../../../lib/chat-request';
import { beginTurn, readMessages } from '../../../lib/chat-store';
import { keepAnswer } from '../../../lib/keep-answer';
import { streamContext } from '../../../lib/stream-context';

/** Answers a question. The answer goes on when the page leaves, and is kept when it is done. */
export async function POST(request: Request): Promise<Response> {
  const asked = await readChatRequest(request);
  if (!asked) return refuse(400, 'invalid-body', 'The body must be `{ id, question }` as JSON.');
  const { id: chatId, taskId, question } = asked;

  const checked = await checkMessages([...(await readMessages(chatId)), question]);
  if (!checked.success) return refuse(400, 'invalid-input', 'These are no messages of a chat.');

  const { messages, answerId } = await beginTurn(chatId, question, taskId);
  return streamTask({
    name: 'answer',
    taskId,
    chatId,
    originalMessages: messages,
    messageId: answerId,
    streamContext,
    waitUntil: after,
    execute: ({ task, writer, signal }) => answer({ messages, task, writer, signal }),
    onSettle: keepAnswer,
  }).toResponse();
}
