import { type Draft, type Drafts, putPart, stepStartIndex } from './ui-message-parts';

/** The states that are not called as the chunk that leads to them, by its type without `tool-`. */
const states = new Map([
  ['input-start', 'input-streaming'],
  ['input-error', 'output-error'],
]);

/**
 * Turns a chunk about a tool call into the next parts; the same array when no call matches. Deltas
 * of the input change nothing: it is there when it is complete. Nor do
 * approvals: who asks for them has a chat, and a chat has the AI SDK's own messages.
 */
export function reduceToolParts(parts: Drafts, chunk: Draft): readonly Draft[] {
  const { toolCallId, toolName } = chunk;
  const kind = chunk.type.slice(5);
  const state = states.get(kind) ?? (/-(available|error|denied)$/.test(kind) && kind);
  const type = chunk.dynamic ? 'dynamic-tool' : `tool-${toolName}`;
  const stepStart = stepStartIndex(parts);
  const index = parts.findLastIndex(
    // Chunks that name the tool mean a call of the current step.
    (part, at) => part.toolCallId === toolCallId && (!toolName || at >= stepStart),
  );
  const part = parts[index] ?? (toolName ? { type } : undefined);
  return part && state ? putPart(parts, index, advance(part, chunk, state)) : parts;
}

/** The tool call after a chunk. They share most field names, so that many just move. */
function advance(part: Draft, chunk: Draft, state: string): Draft {
  const { type, toolName, dynamic, inputEncoding, providerMetadata, ...said } = chunk;
  const metadata = state.startsWith('output') ? 'resultProviderMetadata' : 'callProviderMetadata';
  return {
    ...part,
    ...(toolName && part.type === 'dynamic-tool' ? { toolName } : {}),
    ...(providerMetadata ? { [metadata]: providerMetadata } : {}),
    output: undefined,
    preliminary: undefined,
    ...said,
    state,
  };
}
