import type { UIMessage } from 'ai';
import { checkChatAnswer } from '../chat-refusal';
import { requestChat } from '../chat-request';
import { isPageAway } from '../page-wake';
import { createPatience } from '../patience';
import { requestPatiently } from '../request-patiently';
import type { TaskChatTransportOptions } from '../task-chat-options';

/** How long the server holds a request, in milliseconds: proxies end those that are silent longer. */
const holdMs = 25_000;

/**
 * Waits until a turn of an idle chat begins, with one request that the server holds, again and again.
 * Resolves with `false` when the signal aborts or nobody looks at the page any more.
 *
 * @throws TaskError What the route refuses with.
 */
export async function awaitTurn<Message extends UIMessage>(
  options: TaskChatTransportOptions<Message>,
  chatId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const patience = createPatience(options);
  const query = { wait: String(holdMs) };
  const headers = { accept: 'text/event-stream' };
  while (!signal.aborted && !isPageAway()) {
    const askedAt = performance.now();
    const send = () => requestChat(options, { chatId }, { query, headers, signal });
    const answer = await requestPatiently(options, send, signal);
    const response = await checkChatAnswer(answer, 'GET', true);
    if (response.status !== 204) {
      // The turn's question is loaded first, and then the answer is followed by a request of its own.
      await response.body?.cancel();
      return true;
    }
    // A server that does not hold requests must not be asked without a pause.
    const wasHeld = performance.now() - askedAt > holdMs / 2;
    if (!patience.judge(wasHeld)) return false;
    if (!wasHeld) await patience.pause(0, signal);
  }
  return false;
}
