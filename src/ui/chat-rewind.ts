import { type Attempts, addCheckpoint, beginAttempt } from '../protocol/checkpoints';
import { mergeMetadata } from '../protocol/merge-metadata';
import { isTaskPart, type TaskRewindData } from '../protocol/task-parts';
import {
  type ChatMark,
  createChatMark,
  type MessageChunk,
  noteChange,
  undoSince,
} from './chat-undo';
import type { ReceivedChunk } from './follow-task';

/** Takes back what a chat's message has of an attempt that is void, or tells that it cannot. */
export interface ChatRewind {
  /**
   * Returns what the chat gets in place of a chunk.
   *
   * @param canReset Whether the chat can take back a step, as one of AI SDK 7 can.
   */
  take(chunk: ReceivedChunk, canReset: boolean): readonly ReceivedChunk[];
}

/** Whose message it is, and whom to tell. */
export interface ChatRewindOptions {
  taskId: string;
  /** Whether the chat had a message of this id before the task began. */
  hadMessage: (messageId: string) => boolean;
  /** Called when the chat shows something that is void, and that no chunk takes back. */
  onVoid: () => void;
}

/** Chunks that add no part to a message, and change no tool call. */
const addsNothing =
  /^(start|message-metadata|finish(-step)?|error|abort|(text|reasoning)-(delta|end)|tool-input-delta)$/;

export function createChatRewind({ taskId, hadMessage, onVoid }: ChatRewindOptions): ChatRewind {
  let attempts: Attempts<ChatMark> = {};
  let parts = new Map<string, ReceivedChunk>();
  let metadata: unknown;
  // Whether the message may have parts of which nothing has come by.
  let isContinued = false;
  // Whether the message ends in the start of a step that was taken back: the next step gets it.
  let hasSpareStep = false;
  // The chunks that end the open parts, by kind and id.
  const ends = new Map<string, ReceivedChunk>();

  const marks = () => attempts.checkpoints ?? [];

  function mark(index: number): void {
    const create = () => createChatMark(index, { parts, metadata }, ends.size > 0);
    attempts = { ...attempts, checkpoints: addCheckpoint(attempts, index, create) ?? marks() };
  }

  function begin({ messageId }: MessageChunk): void {
    isContinued = messageId === undefined || hadMessage(messageId);
    // A message that goes on has two starts: its history lies between them, and is no work.
    if (marks().some(({ index }) => index >= 0)) return;
    attempts = { ...attempts, checkpoints: undefined };
    mark(-1);
  }

  /** Notes a part that a chunk adds or changes. */
  function change(chunk: MessageChunk): void {
    const { type, id } = chunk;
    const key = type.startsWith('data-') && id != null ? `${type} ${id}` : undefined;
    const isKnown = key !== undefined && parts.has(key);
    if (key !== undefined) parts.set(key, chunk);
    // What is in the place of a known part is brought back, wherever it stands.
    if (isKnown) return;
    for (const since of marks()) {
      noteChange(since, chunk);
      if (key !== undefined && isContinued) since.isBeyondStep = true;
    }
    const isOwn = isTaskPart(chunk) && chunk.data.taskId === taskId;
    if (!hasSpareStep || isOwn) return;
    // It stands behind the start of a step that the attempt has not begun.
    hasSpareStep = false;
    onVoid();
  }

  /** Whether the chat gets the start of a step: not if it has one left. */
  function beginStep(): boolean {
    for (const since of marks()) since.steps++;
    const isNew = !hasSpareStep;
    hasSpareStep = false;
    return isNew;
  }

  function rewind(data: TaskRewindData, canReset: boolean): readonly ReceivedChunk[] {
    const start = beginAttempt(attempts, data);
    if (!start) return [];
    attempts = start.attempts;
    const { from } = start;
    const undo = from && undoSince(from, { parts, metadata });
    const resets = undo?.isStep === true && canReset;
    if (!undo?.isWhole || (undo.isStep && !resets)) onVoid();
    const closing = resets ? [{ type: 'reset-step' }] : [...ends.values()];
    hasSpareStep ||= resets;
    ends.clear();
    if (from) {
      parts = new Map(from.parts);
      metadata = from.metadata;
      const again = createChatMark(from.index, from, false);
      attempts = { ...attempts, checkpoints: [...marks().slice(0, -1), again] };
    }
    return [...closing, ...(undo?.chunks ?? [])];
  }

  return {
    take(chunk, canReset) {
      const { type, id, transient, messageMetadata } = chunk as MessageChunk;
      // Most chunks are such, and what they belong to was noted at its start.
      if (type === 'text-delta') return [chunk];
      if (isTaskPart(chunk) && chunk.data.taskId === taskId) {
        if (chunk.type === 'data-task-checkpoint') mark(chunk.data.index);
        if (chunk.type === 'data-task-rewind') return [...rewind(chunk.data, canReset), chunk];
        // Of its own the message has one snapshot, which the next attempt brings anew.
        if (chunk.type === 'data-task') return [chunk];
      }
      if (messageMetadata !== undefined) metadata = mergeMetadata(metadata, messageMetadata);
      if (type === 'start') begin(chunk);
      if (type === 'start-step') return beginStep() ? [chunk] : [];
      const [, kind, verb] = /^(text|reasoning)-(start|end)$/.exec(type) ?? [];
      if (verb === 'end') ends.delete(`${kind} ${id}`);
      if (verb === 'start') ends.set(`${kind} ${id}`, { ...chunk, type: `${kind}-end` });
      if (!transient && !addsNothing.test(type)) change(chunk);
      return [chunk];
    },
  };
}
