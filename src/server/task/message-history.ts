import {
  isDataUIPart,
  isToolUIPart,
  type UIMessage,
  type UIMessageChunk,
  uiMessageChunkSchema,
} from 'ai';
import { defined } from '../log/defined';
import { toolHistory } from './tool-history';

type Part = UIMessage['parts'][number];

function textOf(type: 'text' | 'reasoning', id: string, part: Part): UIMessageChunk[] {
  if (part.type !== 'text' && part.type !== 'reasoning') return [];
  const { text, providerMetadata } = part;
  const citations = part.type === 'text' ? part.citations : undefined;
  return [
    defined({ type: `${type}-start` as const, id, providerMetadata }),
    { type: `${type}-delta`, id, delta: text },
    defined({ type: `${type}-end` as const, id, citations }),
  ];
}

function partOf(part: Part, index: number, knowsAnswers: boolean): UIMessageChunk[] {
  if (isToolUIPart(part)) return toolHistory(part, knowsAnswers);
  if (isDataUIPart(part)) {
    return [defined({ type: part.type, id: part.id, data: part.data }) as UIMessageChunk];
  }
  switch (part.type) {
    case 'text':
      return textOf('text', `history-${index}`, part);
    case 'reasoning':
      return textOf('reasoning', part.id ?? `history-${index}`, part);
    case 'step-start':
      return [{ type: 'start-step' }];
    default:
      // Sources, files and other parts are chunks of the same form.
      return [defined({ ...part }) as UIMessageChunk];
  }
}

/** Whether clients of the installed AI SDK take a chunk; they fail at chunks that they do not know. */
async function isKnown(chunk: UIMessageChunk): Promise<boolean> {
  const answer = await uiMessageChunkSchema().validate?.(chunk);
  return answer?.success !== false;
}

let whetherAnswersAreKnown: Promise<boolean> | undefined;

/**
 * The chunks from which an AI SDK client rebuilds the parts that a message has already. A client
 * that replays the continuation of a message begins with an empty message, so it needs them. Some of
 * what a message has no chunk can tell, so the message that is saved is never built of these chunks.
 */
export async function historyChunks(message: UIMessage): Promise<UIMessageChunk[]> {
  whetherAnswersAreKnown ??= isKnown({
    type: 'tool-approval-response',
    approvalId: 'id',
    approved: true,
  });
  const knowsAnswers = await whetherAnswersAreKnown;
  const chunks: UIMessageChunk[] = [];
  for (const chunk of message.parts.flatMap((part, index) => partOf(part, index, knowsAnswers))) {
    if (await isKnown(chunk)) chunks.push(chunk);
  }
  return chunks;
}
