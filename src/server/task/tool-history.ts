import type { UIMessage, UIMessageChunk } from 'ai';
import { defined } from '../log/defined';

type Part = UIMessage['parts'][number];
type ToolPart = Extract<Part, { toolCallId: string }>;

/** A tool call in any state, with fields that the AI SDK types for each state apart. */
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

/**
 * The nearest call that chunks without answers to approvals can tell, as those of AI SDK 6. An
 * approval without its answer would be asked for again, and the AI SDK refuses a message that has
 * such an approval beside an output.
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

/** The fields that all chunks which begin a call have. */
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

/** The chunk that tells a failure together with the call's input. */
function inputErrorChunk(call: ToolCall, input: unknown): UIMessageChunk {
  const { errorText = '', resultProviderMetadata: providerMetadata } = call;
  const type = 'tool-input-error' as const;
  return { ...defined({ type, ...aboutCall(call), errorText, providerMetadata }), input };
}

/** Whether clients read the same input from its JSON: the AI SDK refuses keys that reach prototypes. */
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
 * asking for an approval or running a tool once more.
 *
 * @param knowsAnswers Whether there is a chunk for the answer to an approval, as in AI SDK 7.
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
  // A page runs its client tools at `tool-input-available`, so a call that has run must not be told
  // by that chunk. Calls that ask for an approval are no calls of client tools.
  const hasRun = state === 'output-available' || state === 'output-error';
  if (!hasRun || part.approval || !isReadable(input, json)) {
    return [inputChunk(call), ...approvalChunks(call), ...resultChunks(call)];
  }
  // In AI SDK 7, an input that is told as text would leave that text in the failed call.
  if (state === 'output-error' && knowsAnswers) return [start, inputErrorChunk(call, input)];
  return [start, ...textChunks(toolCallId, json), ...resultChunks(call)];
}
