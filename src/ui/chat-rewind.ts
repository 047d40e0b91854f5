import { isTaskPart } from '../protocol/task-parts';
import type { ReceivedChunk } from './follow-task';

/** Tells what of a chat's message is void when the next attempt of its task begins. */
export interface ChatRewind {
  /**
   * Returns what the chat gets in place of a chunk: at a rewind, the ends of text and reasoning that
   * the attempt before has left open come first.
   */
  take(chunk: ReceivedChunk): readonly ReceivedChunk[];
}

/** The types of what changes nothing that a message would have to take back. */
const harmless = new Set(['start', 'message-metadata']);

export function createChatRewind(
  taskId: string,
  /** Called at a rewind, if the chat has got something since the checkpoint that is void now. */
  onVoid: () => void,
): ChatRewind {
  let hasVoid = false;
  // The chunks that end the open parts, by kind and id.
  const ends = new Map<string, ReceivedChunk>();

  const rewind = () => {
    if (hasVoid) onVoid();
    hasVoid = false;
    const closing = [...ends.values()];
    ends.clear();
    return closing;
  };

  return {
    take(chunk) {
      const { type, id, transient } = chunk as ReceivedChunk & { id?: string; transient?: boolean };
      if (isTaskPart(chunk)) {
        if (chunk.data.taskId !== taskId) return [chunk];
        if (type === 'data-task-checkpoint') hasVoid = false;
        return type === 'data-task-rewind' ? [...rewind(), chunk] : [chunk];
      }
      hasVoid ||= !transient && !harmless.has(type);
      const [, kind, verb] = /^(text|reasoning)-(start|end)$/.exec(type) ?? [];
      if (verb === 'end') ends.delete(`${kind} ${id}`);
      if (verb === 'start') ends.set(`${kind} ${id}`, { ...chunk, type: `${kind}-end` });
      return [chunk];
    },
  };
}
