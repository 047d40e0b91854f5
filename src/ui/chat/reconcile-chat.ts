import type { UIMessage } from 'ai';
import type { LoadedChat } from './load-chat';
import { isWaiting } from './tool-answers';

/** A turn that the server has not answered, as far as the page knows. */
export interface FailedTurn<Message extends UIMessage> {
  /** The message that the turn was about. */
  message: Message | undefined;
  /** The messages that the page knew before. */
  knownIds: ReadonlySet<string>;
}

/** Whether a turn has arrived all the same: the server writes its answer, or has it. */
export function hasArrived<Message extends UIMessage>(
  { messages, activeTask }: LoadedChat<Message>,
  { message, knownIds }: FailedTurn<Message>,
): boolean {
  const last = messages.at(-1);
  if (last?.role === 'assistant' && !knownIds.has(last.id)) return true;
  const stored = messages.find(({ id }) => id === message?.id);
  if (!stored || !message) return false;
  // An assistant's message that goes on is stored with what it has waited for.
  if (stored.role === 'assistant') return activeTask !== null || !stored.parts.some(isWaiting);
  return activeTask !== null && isSame(stored.parts, message.parts);
}

/** The server's messages, with those of the page in place of equal ones; the page's list if all are. */
export function keepEqual<Message extends UIMessage>(
  messages: readonly Message[],
  shown: Message[],
): Message[] {
  const own = new Map(shown.map((message) => [message.id, message]));
  const kept = messages.map((message) => {
    const before = own.get(message.id);
    return before && isSame(before, message) ? before : message;
  });
  const isUnchanged = kept.length === shown.length && kept.every((one, at) => one === shown[at]);
  return isUnchanged ? shown : kept;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
