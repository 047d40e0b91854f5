import { type Draft, type Drafts, putPart, stepStartIndex } from './ui-message-parts';

/** States whose name is not that of the chunk which leads to them (its type without `tool-`). */
const states = new Map([
  ['input-start', 'input-streaming'],
  ['input-error', 'output-error'],
]);

/** The input of a tool if one delta holds all of it as JSON, else `undefined`. */
function wholeInput({ inputTextDelta }: Draft): unknown {
  try {
    const input: unknown = JSON.parse(String(inputTextDelta));
    return typeof input === 'object' ? input : undefined;
  } catch {
    // The delta is one of several pieces.
    return undefined;
  }
}

/**
 * Turns a chunk about a tool call into the next parts; returns the same array when no call matches.
 * A delta changes nothing unless it is the whole input, as in the history of a message that goes on:
 * an input in pieces is set by the chunk that has it complete. Approvals change nothing, because
 * only chats ask for them, and a chat builds its messages with the AI SDK.
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
  if (kind === 'input-delta' && part && part.input === undefined) {
    const input = wholeInput(chunk);
    return input === undefined ? parts : putPart(parts, index, { ...part, input });
  }
  return part && state ? putPart(parts, index, advance(part, chunk, state)) : parts;
}

/** The tool call after a chunk. Chunk and part share most field names, so most fields are copied. */
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
