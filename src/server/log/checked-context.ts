import { boundReason } from './cancel-reason';
import { checkChatId, checkNames } from './check-names';
import type { TaskStreamContext } from './task-stream-context';

/**
 * Wraps a context so that it refuses owners, chats and the like that a storage could take for others,
 * before anything happens: values that are no strings, and strings with half of a surrogate pair
 * (`invalid-options`, for the id of a chat `invalid-body`). Cuts reasons of cancels to 1,000
 * characters.
 */
export function checkedContext(context: TaskStreamContext): TaskStreamContext {
  const { take } = context;
  return {
    ...context,
    ...(take && {
      async take(taskId, options) {
        checkNames({ definition: options.definition });
        return take(taskId, options);
      },
    }),
    async open(taskId, options) {
      checkNames(options);
      checkChatId(options.chatId);
      return context.open(taskId, options);
    },
    async read(taskId, options = {}) {
      checkNames(options);
      return context.read(taskId, options);
    },
    async cancel(taskId, options = {}) {
      checkNames(options);
      return context.cancel(taskId, { ...options, reason: boundReason(options.reason) });
    },
    async activeTask(chatId, options = {}) {
      checkNames(options);
      checkChatId(chatId);
      return context.activeTask(chatId, options);
    },
  };
}
