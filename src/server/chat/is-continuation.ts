import type { ChatTurn } from './chat-types';

/** Whether a turn goes on with a message of the assistant instead of writing a new one. */
export function isContinuation({ trigger, message }: ChatTurn): boolean {
  return trigger === 'submit-message' && message?.role === 'assistant';
}
