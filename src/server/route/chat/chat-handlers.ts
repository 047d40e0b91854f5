import { readChatId } from '../../chat/read-chat-id';
import { readQuery } from '../../http/read-query';
import { jsonResponse } from '../../http/responses';
import { checkTaskId, unlessAway } from '../../log/task-errors';
import type { TaskRunnerQueue } from '../../log/task-queue';
import type { PlainDefinition } from '../../plain-definition';
import type { RouteHandler } from '../answering';
import { cancelResponse } from '../cancel-response';
import type { ChatAdmission } from './chat-admission';
import { createChatFollower } from './chat-follower';
import { viewChat, wantsView } from './chat-view';
import { startTurn } from './start-turn';
import type { TurnMeans } from './turn-means';

/** What the handlers of a chat's route need. */
export interface ChatHandlersOptions {
  readonly means: TurnMeans;
  readonly definition: PlainDefinition;
  readonly admission: ChatAdmission;
  /** Whose workers run the turns. Default: this process runs them. */
  readonly queue?: TaskRunnerQueue | undefined;
}

/** What a request says of the chat and the task that it is about. */
function readNames(request: Request): { chatId: string; taskId: string | undefined } {
  const chatId = readChatId(readQuery(request, 'chatId'));
  const taskId = readQuery(request, 'taskId');
  return { chatId, taskId: taskId === undefined ? undefined : checkTaskId(taskId) };
}

/** Makes what a chat does with each request. The handlers throw what they refuse. */
export function createChatHandlers(
  options: ChatHandlersOptions,
): Record<'POST' | 'GET' | 'DELETE', RouteHandler> {
  const { means, definition, admission, queue } = options;
  const { context } = means;
  const follower = createChatFollower(means, definition, queue);
  const starting = { ...options, follower };

  return {
    POST: (request, _context, invocation) => startTurn(request, invocation, starting),

    async GET(request, _context, invocation) {
      const { chatId, taskId } = readNames(request);
      const admitted = await admission.admit(request, { action: 'follow', chatId, taskId });
      if (admitted.refused) return admitted.refused;
      const { owner } = admitted;
      return wantsView(request)
        ? viewChat({ chatId, owner }, means)
        : follower.respond(request, { chatId, owner, taskId }, invocation);
    },

    async DELETE(request) {
      const { chatId, taskId: named } = readNames(request);
      const admitted = await admission.admit(request, { action: 'cancel', chatId, taskId: named });
      if (admitted.refused) return admitted.refused;
      const { owner } = admitted;
      const taskId = named ?? (await unlessAway(context.activeTask(chatId, { owner })));
      if (taskId === undefined) return jsonResponse({ cancelled: false });
      const reason = readQuery(request, 'reason');
      return cancelResponse(context, taskId, {
        owner,
        definition: definition.name,
        reason,
        queue,
      });
    },
  };
}
