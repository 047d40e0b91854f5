import type { UIMessage } from 'ai';
import { isRecord } from '../../protocol/is-record';

type Fields = Readonly<Record<string, unknown>>;

/** A tool call of AI SDK 4, which had the calls of all tools in parts of one type. */
function fromInvocation({ state, toolCallId, toolName, args, result }: Fields): Fields {
  const call = { type: `tool-${toolName}`, toolCallId, input: args };
  if (state === 'result') return { ...call, state: 'output-available', output: result };
  return { ...call, state: state === 'call' ? 'input-available' : 'input-streaming' };
}

/** A part of AI SDK 4 in today's form; parts of today pass as they are. */
function fromOldPart(part: Fields): Fields {
  const { type, toolInvocation, source, reasoning, mimeType, data } = part;
  if (type === 'tool-invocation' && isRecord(toolInvocation)) return fromInvocation(toolInvocation);
  if (type === 'reasoning' && typeof reasoning === 'string') return { type, text: reasoning };
  if (type === 'source' && isRecord(source)) {
    const { id: sourceId, url, title } = source;
    return { type: 'source-url', sourceId, url, ...(title !== undefined && { title }) };
  }
  if (type === 'file' && typeof mimeType === 'string' && typeof data === 'string') {
    return { type, mediaType: mimeType, url: `data:${mimeType};base64,${data}` };
  }
  return part;
}

/** The parts of a message that has a text of its own, as in AI SDK 4 and before. */
function partsOf({ parts, content }: Fields): readonly Fields[] {
  if (Array.isArray(parts)) return parts.filter(isRecord).map(fromOldPart);
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.filter(isRecord).map(fromOldPart) : [];
}

const roles = new Set<unknown>(['system', 'user', 'assistant']);

/** A stored message in today's form; `undefined` for what is no message of a conversation. */
export function fromOldForm(message: unknown): UIMessage | undefined {
  if (!isRecord(message) || !roles.has(message.role)) return undefined;
  const { id, role, metadata } = message;
  return {
    id: String(id ?? ''),
    role: role as UIMessage['role'],
    ...(metadata !== undefined && { metadata }),
    parts: partsOf(message) as readonly object[] as UIMessage['parts'],
  };
}
