import type { ToolSet, UIDataTypes } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { readChatId } from '../chat/read-chat-id';
import { checkDefinition } from '../check-definition';
import { readQuery } from '../http/read-query';
import { jsonResponse } from '../http/responses';
import { checkCounts } from '../log/check-counts';
import { checkTaskId, unlessAway } from '../log/task-errors';
import { createMemoryStreamContext } from '../memory/memory-stream-context';
import { registerDefinition } from '../registered-definitions';
import { reportTo } from '../task/mask-error';
import { maxTellMs } from '../task/tell-host';
import { checkDurations } from '../time/check-durations';
import { toTaskStreamContext } from '../to-task-stream-context';
import { answering, type RouteHandler } from './answering';
import { cancelResponse } from './cancel-response';
import { createChatAdmission } from './chat/chat-admission';
import { createChatDefinition } from './chat/chat-definition';
import { createChatFollower } from './chat/chat-follower';
import type { ChatMessage, ChatRoute, CreateChatRouteOptions } from './chat/chat-route';
import { createChatStore } from './chat/chat-store';
import { viewChat, wantsView } from './chat/chat-view';
import { checkChatOptions } from './chat/check-chat-options';
import type { PlainChat } from './chat/plain-chat';
import { startTurn } from './chat/start-turn';
import { createUnsavedTurns } from './chat/unsaved-turns';

/** What a request says of the chat and the task that it is about. */
function readNames(request: Request): { chatId: string; taskId: string | undefined } {
  const chatId = readChatId(readQuery(request, 'chatId'));
  const taskId = readQuery(request, 'taskId');
  return { chatId, taskId: taskId === undefined ? undefined : checkTaskId(taskId) };
}

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
  const follower = createChatFollower(means, definition);
  const starting = { means, definition, admission, follower };

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

  return {
    task: { options: definition },

    POST: answer((request, _context, invocation) => startTurn(request, invocation, starting)),

    GET: answer(async (request, _context, invocation) => {
      const { chatId, taskId } = readNames(request);
      const admitted = await admission.admit(request, { action: 'follow', chatId, taskId });
      if (admitted.refused) return admitted.refused;
      const { owner } = admitted;
      return wantsView(request)
        ? viewChat({ chatId, owner }, means)
        : follower.respond(request, { chatId, owner, taskId }, invocation);
    }),

    DELETE: answer(async (request) => {
      const { chatId, taskId: named } = readNames(request);
      const admitted = await admission.admit(request, { action: 'cancel', chatId, taskId: named });
      if (admitted.refused) return admitted.refused;
      const { owner } = admitted;
      const taskId = named ?? (await unlessAway(context.activeTask(chatId, { owner })));
      if (taskId === undefined) return jsonResponse({ cancelled: false });
      const reason = readQuery(request, 'reason');
      return cancelResponse(context, taskId, { owner, definition: definition.name, reason });
    }),
  };
}
