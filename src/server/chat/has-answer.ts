import type { UIMessage } from 'ai';
import { indexOf } from './apply-turn';
import type { ChatTurn } from './chat-types';
import { isToolPart, type ToolPart } from './tool-parts';

function isOver({ state }: ToolPart): boolean {
  return state.startsWith('output-');
}

function callsOf({ parts }: UIMessage): ToolPart[] {
  return parts.flatMap((part: { readonly type: string }) => (isToolPart(part) ? part : []));
}

/** Hosts may drop or add data parts when they save, so these do not tell how far a message has come. */
function countParts({ parts }: UIMessage): number {
  return parts.filter(({ type }) => !type.startsWith('data-')).length;
}

/** Whether a message has come further than it had when a turn went on with it. */
function hasGoneOn(message: UIMessage, continued: UIMessage): boolean {
  const open = callsOf(continued).filter((call) => !isOver(call));
  const ids = new Set(open.map(({ toolCallId }) => toolCallId));
  return (
    countParts(message) > countParts(continued) ||
    callsOf(message).some((call) => isOver(call) && ids.has(call.toolCallId))
  );
}

/**
 * Whether a chat has the answer of a turn already, so that one which was recovered later must not
 * take its place.
 *
 * @param continued The message as it was when the turn went on with it, if it did.
 */
export function hasAnswer(
  stored: readonly UIMessage[],
  { answerId }: ChatTurn,
  continued?: UIMessage,
): boolean {
  if (!continued) return indexOf(stored, answerId) >= 0;
  const message = stored[indexOf(stored, continued.id)];
  return message !== undefined && hasGoneOn(message, continued);
}
