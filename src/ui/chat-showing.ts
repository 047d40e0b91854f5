import { isTaskPart } from '../protocol/task-parts';
import type { ChatTurn } from './chat-turns';
import type { ReceivedChunk } from './follow-task';

/** Decides what a turn's stream passes on to the chat of the chunks that it receives, and when. */
export interface ChatShowing {
  /**
   * Returns the chunks that may be shown now. Waits while it is not known whether another turn
   * takes the place of this one.
   */
  pass(chunks: readonly ReceivedChunk[]): Promise<readonly ReceivedChunk[]>;
  /** Returns what was held back, at the stream's end. Waits until the chat may hear of that end. */
  end(): Promise<readonly ReceivedChunk[]>;
  /**
   * Whether another turn takes the place of this one, and the chat has no message of this one.
   * Resolves when that is known.
   */
  isReplaced(): Promise<boolean>;
}

/** Types of chunks that come before an answer, and show nothing to a person who waits for it. */
const forewords = new Set([
  'start',
  'start-step',
  'reset-step',
  'message-metadata',
  'data-task-checkpoint',
  'data-task-rewind',
]);

/** Whether a person sees anything of a chunk. Of a task that is its progress, steps or outcome. */
function isVisible(chunk: ReceivedChunk): boolean {
  if (!isTaskPart(chunk) || chunk.type !== 'data-task') return !forewords.has(chunk.type);
  const { status, progress, steps } = chunk.data;
  return Boolean(progress ?? steps) || (status !== 'pending' && status !== 'running');
}

/**
 * Creates the decision for one stream. A chat of the AI SDK shows that it waits until the first
 * chunk comes, so chunks without anything to see are held back until one with something comes. A
 * chat writes each chunk into its message, even if the page has removed that message to regenerate
 * it, and is `ready` when any of its streams ends. So a stream whose message is gone passes nothing
 * on, and the chat hears of its end right before the newer turn is shown.
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
