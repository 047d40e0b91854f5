import { isTaskPart } from '../protocol/task-parts';
import type { ChatTurn } from './chat-turns';
import type { ReceivedChunk } from './follow-task';

/** What a turn's stream may show of what it received, so that it fits into what the chat shows. */
export interface ChatShowing {
  /**
   * Gives what may be shown now. It waits for as long as it is not known whether another turn takes
   * the place of this one.
   */
  pass(chunks: readonly ReceivedChunk[]): Promise<readonly ReceivedChunk[]>;
  /** The rest, when the stream comes to its end. Waits until the chat may be told of it. */
  end(): Promise<readonly ReceivedChunk[]>;
  /**
   * Whether another turn takes the place of this one, and the chat has no message of it. Resolves
   * when that is known.
   */
  isReplaced(): Promise<boolean>;
}

/** What precedes an answer in its stream. Whoever waits for the answer sees nothing of it. */
const forewords = new Set(['start', 'start-step', 'message-metadata']);

/** Whether a person sees anything of a chunk; a task shows when it tells how far it is. */
function isVisible(chunk: ReceivedChunk): boolean {
  if (!isTaskPart(chunk) || chunk.type !== 'data-task') return !forewords.has(chunk.type);
  const { status, progress, steps } = chunk.data;
  return Boolean(progress ?? steps) || (status !== 'pending' && status !== 'running');
}

/**
 * A chat of the AI SDK is `submitted` until a chunk comes, and shows that it waits; so what is
 * nothing to see is held back until something comes. And it writes whatever it gets into its
 * message, even if the page has taken that away meanwhile to have it written anew, and is `ready`
 * when any of its streams ends; so a stream whose message is gone is silent, and its end is told
 * right before the newer turn is shown.
 */
export function createChatShowing(turn: ChatTurn): ChatShowing {
  let held: ReceivedChunk[] = [];
  let isShown = false;
  let messageId: string | undefined;
  let isOver = false;

  const isGone = ({ messageIds, isRegeneration }: ChatTurn) => {
    if (!isShown) return true;
    return messageId === undefined ? isRegeneration : !messageIds.has(messageId);
  };

  const isReplaced = async () => {
    const { successor } = turn;
    if (successor && isGone(successor)) isOver ||= await successor.takesPlace;
    return isOver;
  };

  const show = async () => {
    isShown = true;
    await turn.show();
    const chunks = held;
    held = [];
    return chunks;
  };

  return {
    isReplaced,
    async pass(chunks) {
      if (await isReplaced()) return [];
      for (const chunk of chunks) {
        if (chunk.type === 'start' && 'messageId' in chunk) messageId ??= String(chunk.messageId);
      }
      if (isShown) return chunks;
      held.push(...chunks);
      return chunks.some(isVisible) ? show() : [];
    },
    async end() {
      await turn.successor?.takesPlace;
      return (await isReplaced()) ? [] : show();
    },
  };
}
