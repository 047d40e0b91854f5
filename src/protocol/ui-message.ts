import type { UIMessage } from 'ai';
import { isAnotherLog } from './another-log';
import { mergeMetadata } from './merge-metadata';
import { type Draft, type Drafts, putPart, stepStartIndex } from './ui-message-parts';
import { reduceToolParts } from './ui-message-tools';

/**
 * The open text and reasoning parts, with the name that their deltas have for them. Kept beside the
 * parts, because a text part has no id.
 */
const openTexts = new WeakMap<Draft, string>();

/**
 * Turns a chunk into the next message, as the AI SDK's `readUIMessageStream` does. Pure; returns
 * the same object when the chunk changes nothing. Unknown chunks, and deltas without their start,
 * are ignored. Unlike the AI SDK it does not guess at a tool's `input` while the input is incomplete.
 */
export function reduceUIMessageChunk<Message extends UIMessage>(
  message: Message,
  chunk: { type: string; messageId?: string; messageMetadata?: unknown },
): Message {
  if (/^(start|finish|message-metadata)$/.test(chunk.type)) {
    const id = chunk.messageId ?? message.id;
    const metadata = mergeMetadata(message.metadata, chunk.messageMetadata ?? undefined);
    return { ...message, id, metadata };
  }
  // The whole message follows anew.
  if (isAnotherLog(chunk)) {
    return { ...message, id: '', metadata: undefined, parts: [chunk as Message['parts'][number]] };
  }
  const before = message.parts as readonly Draft[] as Drafts;
  const parts = reduceParts(before, chunk as Draft);
  return parts === before ? message : { ...message, parts: parts as Message['parts'] };
}

const isAddedWhole = /^(custom|steering-|source-|(reasoning-)?file)/;

function reduceParts(parts: Drafts, chunk: Draft): readonly Draft[] {
  const { type, id } = chunk;
  const [, textType, verb] = /^(text|reasoning)-(start|delta|end)$/.exec(type) ?? [];
  if (textType) return reduceTextParts(parts, chunk, textType, verb);
  if (type.startsWith('tool-')) return reduceToolParts(parts, chunk);
  if (type.startsWith('data-') && !chunk.transient) {
    const index = parts.findLastIndex((part) => id != null && part.type === type && part.id === id);
    return putPart(parts, index, { ...(parts[index] ?? chunk), data: chunk.data });
  }
  if (isAddedWhole.test(type)) return putPart(parts, -1, chunk);
  if (type === 'start-step') return putPart(parts, -1, { type: 'step-start' });
  return type === 'reset-step' ? parts.slice(0, stepStartIndex(parts)) : parts;
}

function reduceTextParts(
  parts: Drafts,
  { type: _, id, delta = '', ...said }: Draft,
  type: string,
  verb: string | undefined,
): readonly Draft[] {
  const isStart = verb === 'start';
  const name = `${type} ${id}`;
  const index = parts.findLastIndex((part) => !isStart && openTexts.get(part) === name);
  const former = parts[index];
  if (!former && !isStart) return parts;
  const part: Draft = {
    type,
    ...(type === 'reasoning' && { id }),
    ...former,
    ...said,
    text: `${former?.text ?? ''}${delta}`,
    state: verb === 'end' ? 'done' : 'streaming',
  };
  if (verb !== 'end') openTexts.set(part, name);
  return putPart(parts, index, part);
}
