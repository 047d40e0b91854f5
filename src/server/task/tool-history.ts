import type { UIMessage, UIMessageChunk } from 'ai';

type Part = UIMessage['parts'][number];
type ToolPart = Extract<Part, { toolCallId: string }>;

/** A tool call in any state, with the fields that the AI SDK's types share out among the states. */
interface ToolCall extends Pick<ToolPart, 'type' | 'toolCallId' | 'title' | 'toolMetadata'> {
  readonly state: ToolPart['state'];
  readonly toolName?: string;
  readonly providerExecuted?: boolean;
  readonly input?: unknown;
  readonly rawInput?: unknown;
  readonly inputEncoding?: 'json' | 'text';
  readonly output?: unknown;
  readonly errorText?: string;
  readonly preliminary?: boolean;
  readonly callProviderMetadata?: ToolPart['callProviderMetadata'];
  readonly resultProviderMetadata?: ToolPart['callProviderMetadata'];
  readonly approval?: ToolPart['approval'];
}

/** Leaves out what is not set, as strict schemas want it. */
export function defined<Fields extends object>(fields: Fields): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Fields;
}

/**
 * The nearest call that a client can come to who is never told of answers to approvals, as that of
 * AI SDK 6. An approval without its answer would be asked for again, and the AI SDK refuses a
 * message that has it beside an output.
 */
function withoutAnswer(call: ToolCall): ToolCall {
  const { approval, state } = call;
  if (approval?.approved === undefined) return call;
  const rest: ToolCall = { ...call, approval: undefined };
  if (!approval.approved) {
    const errorText = approval.reason ?? 'Tool call execution denied.';
    return { ...rest, state: 'output-error', errorText };
  }
  return state === 'approval-responded' ? { ...rest, state: 'input-available' } : rest;
}

/** What all chunks that begin a call say of it. */
function aboutCall({ type, toolCallId, toolName = '', ...call }: ToolCall) {
  const isDynamic = type === 'dynamic-tool';
  return {
    toolCallId,
    toolName: isDynamic ? toolName : type.slice('tool-'.length),
    title: call.title,
    toolMetadata: call.toolMetadata,
    providerExecuted: call.providerExecuted,
    dynamic: isDynamic ? true : undefined,
  };
}

function startChunk(call: ToolCall): UIMessageChunk {
  const { inputEncoding, callProviderMetadata: providerMetadata } = call;
  const type = 'tool-input-start' as const;
  return defined({ type, ...aboutCall(call), inputEncoding, providerMetadata });
}

function inputChunk(call: ToolCall): UIMessageChunk {
  const { input, callProviderMetadata: providerMetadata } = call;
  const type = 'tool-input-available' as const;
  return { ...defined({ type, ...aboutCall(call), providerMetadata }), input };
}

function textChunks(toolCallId: string, inputTextDelta = ''): UIMessageChunk[] {
  return inputTextDelta ? [{ type: 'tool-input-delta', toolCallId, inputTextDelta }] : [];
}

/** A failure that tells the input, too. */
function inputErrorChunk(call: ToolCall, input: unknown): UIMessageChunk {
  const { errorText = '', resultProviderMetadata: providerMetadata } = call;
  const type = 'tool-input-error' as const;
  return { ...defined({ type, ...aboutCall(call), errorText, providerMetadata }), input };
}

/** Whether clients make the same input of its JSON. The AI SDK takes none that may reach a prototype. */
function isReadable(input: unknown, json = ''): boolean {
  const isPlain = input === undefined || typeof input === 'object';
  return isPlain && !/"(__proto__|constructor)"/.test(json);
}

function approvalChunks({ toolCallId, approval }: ToolCall): UIMessageChunk[] {
  if (!approval) return [];
  const { id: approvalId, approved, reason } = approval;
  const request = defined({
    type: 'tool-approval-request' as const,
    approvalId,
    toolCallId,
    approvalDescriptor: approval.descriptor,
    inputSchemaInput: approval.inputSchemaInput,
    reason: approval.requestReason,
    isAutomatic: approval.isAutomatic,
    signature: approval.signature,
  });
  if (approved === undefined) return [request];
  const type = 'tool-approval-response' as const;
  return [request, defined({ type, approvalId, approved, reason })];
}

function resultChunks(call: ToolCall): UIMessageChunk[] {
  const { toolCallId, providerExecuted, output, preliminary, errorText = '' } = call;
  const dynamic = call.type === 'dynamic-tool' ? true : undefined;
  const providerMetadata = call.resultProviderMetadata;
  const result = { toolCallId, providerExecuted, dynamic, providerMetadata };
  switch (call.state) {
    case 'output-available': {
      const type = 'tool-output-available' as const;
      return [{ ...defined({ type, ...result, preliminary }), output }];
    }
    case 'output-error':
      return [defined({ type: 'tool-output-error' as const, ...result, errorText })];
    case 'output-denied':
      return [{ type: 'tool-output-denied', toolCallId }];
    default:
      return [];
  }
}

/**
 * The chunks from which an AI SDK client rebuilds a tool call that a message has already, without
 * asking or running anything once more.
 *
 * @param knowsAnswers Whether the client can be told of the answer to an approval.
 */
export function toolHistory(part: ToolPart, knowsAnswers: boolean): UIMessageChunk[] {
  const call: ToolCall = knowsAnswers ? part : withoutAnswer(part);
  const { state, toolCallId, input, rawInput } = call;
  const json = JSON.stringify(input);
  if (state === 'input-streaming') {
    const text = typeof rawInput === 'string' ? rawInput : json;
    return [startChunk(call), ...textChunks(toolCallId, text)];
  }
  const start = startChunk({ ...call, inputEncoding: undefined });
  if (state === 'output-error' && input === undefined) {
    const result = rawInput == null ? resultChunks(call) : [inputErrorChunk(call, rawInput)];
    return [start, ...approvalChunks(call), ...result];
  }
  // A page runs a tool of its own when it is told `tool-input-available`, and this one may have run.
  // What asks for an approval is none of the page's.
  const hasRun = state === 'output-available' || state === 'output-error';
  if (!hasRun || part.approval || !isReadable(input, json)) {
    return [inputChunk(call), ...approvalChunks(call), ...resultChunks(call)];
  }
  // Of AI SDK 7 an input that came as text would leave that text beside the failure.
  if (state === 'output-error' && knowsAnswers) return [start, inputErrorChunk(call, input)];
  return [start, ...textChunks(toolCallId, json), ...resultChunks(call)];
}
