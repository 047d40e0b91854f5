import type { Mark } from '../protocol/checkpoints';
import { mergeMetadata } from '../protocol/merge-metadata';
import type { ReceivedChunk } from './follow-task';

/** The members of chunks that tell what they do to a message. */
export interface MessageChunk extends ReceivedChunk {
  id?: string;
  transient?: boolean;
  messageId?: string;
  messageMetadata?: unknown;
  toolCallId?: string;
  toolName?: string;
}

/** What a message has that a chunk can bring back. */
export interface MessageContent {
  /** The newest chunk of each data part that has an id, by type and id. */
  readonly parts: ReadonlyMap<string, ReceivedChunk>;
  readonly metadata: unknown;
}

/** What a message had at a checkpoint, and what has come since. */
export interface ChatMark extends Mark, MessageContent {
  /** How many steps have begun since. */
  steps: number;
  /** Whether something has come since that does not go when the step is taken back. */
  isBeyondStep: boolean;
  /** The tool calls that have begun since. */
  readonly calls: Set<unknown>;
}

/** A message as it is now, to be compared with later. */
export function createChatMark(
  index: number,
  { parts, metadata }: MessageContent,
  hasOpenParts: boolean,
): ChatMark {
  const content = { parts: new Map(parts), metadata };
  return { index, ...content, steps: 0, isBeyondStep: hasOpenParts, calls: new Set() };
}

/** Notes that a chunk has added a part to the message, or changed a tool call. */
export function noteChange(since: ChatMark, { type, toolCallId, toolName }: MessageChunk): void {
  const isCall = type.startsWith('tool-');
  // A chunk that names the tool begins a call, or goes on with one of the same step.
  if (isCall && toolName) since.calls.add(toolCallId);
  since.isBeyondStep ||= since.steps === 0 || (isCall && !since.calls.has(toolCallId));
}

/** What takes a message back to a checkpoint. */
export interface ChatUndo {
  /** Whether a step has to be taken back, and nothing but what these chunks bring back. */
  readonly isStep: boolean;
  /** Whether these chunks, after `reset-step` for a step, take back all. */
  readonly isWhole: boolean;
  readonly chunks: readonly ReceivedChunk[];
}

/** What takes a message back to what it was at a checkpoint, as far as chunks can. */
export function undoSince(since: ChatMark, { parts, metadata }: MessageContent): ChatUndo {
  const { steps, isBeyondStep } = since;
  const isStep = steps === 1 && !isBeyondStep;
  let isWhole = isStep || (steps === 0 && !isBeyondStep);
  const chunks: MessageChunk[] = [];
  for (const [key, chunk] of since.parts) if (parts.get(key) !== chunk) chunks.push(chunk);
  if (metadata !== since.metadata) {
    // Metadata is merged into what is there, so that no chunk can take a member away.
    const merged = mergeMetadata(metadata, since.metadata);
    isWhole &&= JSON.stringify(merged) === JSON.stringify(since.metadata);
    chunks.push({ type: 'message-metadata', messageMetadata: since.metadata });
  }
  return { isStep, isWhole, chunks };
}
