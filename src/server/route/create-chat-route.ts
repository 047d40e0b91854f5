import type { ToolSet, UIDataTypes } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { checkDefinition } from '../check-definition';
import { checkCounts } from '../log/check-counts';
import type { TaskRunnerQueue } from '../log/task-queue';
import { createMemoryStreamContext } from '../memory/memory-stream-context';
import { registerDefinition } from '../registered-definitions';
import { reportTo } from '../task/mask-error';
import { maxTellMs } from '../task/tell-host';
import { checkDurations } from '../time/check-durations';
import { toTaskStreamContext } from '../to-task-stream-context';
import { answering, type RouteHandler } from './answering';
import { createChatAdmission } from './chat/chat-admission';
import { createChatDefinition } from './chat/chat-definition';
import { createChatHandlers } from './chat/chat-handlers';
import type { ChatMessage, ChatRoute, CreateChatRouteOptions } from './chat/chat-route';
import { createChatStore } from './chat/chat-store';
import { checkChatOptions } from './chat/check-chat-options';
import type { PlainChat } from './chat/plain-chat';
import { createUnsavedTurns } from './chat/unsaved-turns';
import { checkQueue } from './check-queue';
import type { TaskRoute } from './task-route';

/**
 * Serves a chat at one address: `export const { POST, GET, DELETE } = createChatRoute({ … })`. A turn
 * goes on without its page, and is saved before and after the model answers, whatever becomes of the
 * connection or the process.
 *
 * `POST` starts a turn; `GET ?chatId=` follows the one that runs, or with `accept: application/json`
 * gives the messages; `DELETE ?chatId=` stops it.
 *
 * @throws TaskError `invalid-options`.
 */
export function createChatRoute<
  Metadata = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Tools extends ToolSet = ToolSet,
  Body = unknown,
>(
  options: CreateChatRouteOptions<Metadata, Data, Tools, Body>,
): ChatRoute<ChatMessage<Metadata, Data, Tools>> {
  checkChatOptions(options);
  // The cast is safe: the host's functions get what they themselves have declared.
  const chat = options as PlainChat;
  const { heartbeatMs, maxRunning, graceMs = 5_000, onError, maxRunMs } = chat;
  const context = toTaskStreamContext(chat.streamContext ?? createMemoryStreamContext());
  checkDurations({ heartbeatMs: { value: heartbeatMs, least: 1 } });
  checkCounts({ maxRunning }, { mayBeAny: true });
  const { definition, means } = createChatDefinition((saveEnd) => ({
    ...{ chat, context, saveEnd, store: createChatStore(chat), unsaved: createUnsavedTurns() },
    maxSavingMs: graceMs + maxTellMs,
    report: (error, taskId) => reportTo(onError, error, taskId),
  }));
  checkDefinition(definition);
  registerDefinition(context, definition);
  const admission = createChatAdmission(chat);

  /** What the host has thrown is told to it; pages learn only that its store is away. */
  const telling =
    (handler: RouteHandler): RouteHandler =>
    async (...given) => {
      try {
        return await handler(...given);
      } catch (error) {
        const isAway = TaskError.isInstance(error) && error.code === 'chat-unavailable';
        if (isAway && error.cause !== undefined) means.report(error.cause, '');
        throw error;
      }
    };
  const answer = (handler: RouteHandler) =>
    answering(telling(handler), { ...(onError && { onError }), streamContext: context, maxRunMs });
  const routeOf = (queue?: TaskRunnerQueue): TaskRoute => {
    const { POST, GET, DELETE } = createChatHandlers({ means, definition, admission, queue });
    return { POST: answer(POST), GET: answer(GET), DELETE: answer(DELETE) };
  };

  return {
    ...routeOf(),
    task: { options: definition },
    withQueue(queue) {
      checkQueue(queue, definition);
      return routeOf(queue);
    },
  };
}
