import {
  isDataUIPart,
  isToolUIPart,
  type UIMessage,
  type UIMessageChunk,
  uiMessageChunkSchema,
} from 'ai';

type Part = UIMessage['parts'][number];
type ToolPart = Extract<Part, { toolCallId: string }>;

/** Leaves out what is not set, as strict schemas want it. */
function defined<Fields extends object>(fields: Fields): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Fields;
}

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

function toolCallOf(part: ToolPart): UIMessageChunk[] {
  const { toolCallId, title, toolMetadata, providerExecuted } = part;
  const isDynamic = part.type === 'dynamic-tool';
  const dynamic = isDynamic ? true : undefined;
  const call = {
    toolCallId,
    toolName: isDynamic ? part.toolName : part.type.slice('tool-'.length),
    title,
    toolMetadata,
    providerExecuted,
    dynamic,
  };
  const providerMetadata = part.callProviderMetadata;

  if (part.state === 'input-streaming') {
    const inputTextDelta = part.rawInput ?? JSON.stringify(part.input);
    return [
      defined({
        type: 'tool-input-start' as const,
        ...call,
        inputEncoding: part.inputEncoding,
        providerMetadata,
      }),
      ...(inputTextDelta
        ? [{ type: 'tool-input-delta' as const, toolCallId, inputTextDelta }]
        : []),
    ];
  }
  if (part.state === 'output-error' && part.input === undefined) {
    const { errorText } = part;
    const input = 'rawInput' in part ? part.rawInput : undefined;
    return [
      {
        ...defined({ type: 'tool-input-error' as const, ...call, providerMetadata }),
        input,
        errorText,
      },
    ];
  }

  const { input } = part;
  const chunks: UIMessageChunk[] = [
    { ...defined({ type: 'tool-input-available' as const, ...call, providerMetadata }), input },
  ];
  const { approval } = part;
  if (approval) {
    chunks.push(
      defined({
        type: 'tool-approval-request' as const,
        approvalId: approval.id,
        toolCallId,
        approvalDescriptor: approval.descriptor,
        inputSchemaInput: approval.inputSchemaInput,
        reason: approval.requestReason,
        isAutomatic: approval.isAutomatic,
        signature: approval.signature,
      }),
    );
    if (approval.approved !== undefined) {
      const { id: approvalId, approved, reason } = approval;
      chunks.push(
        defined({ type: 'tool-approval-response' as const, approvalId, approved, reason }),
      );
    }
  }
  const result = { toolCallId, providerExecuted, dynamic };
  switch (part.state) {
    case 'output-available': {
      const { output, preliminary } = part;
      const metadata = { providerMetadata: part.resultProviderMetadata, preliminary };
      chunks.push({
        ...defined({ type: 'tool-output-available' as const, ...result, ...metadata }),
        output,
      });
      break;
    }
    case 'output-error':
      chunks.push(
        defined({
          type: 'tool-output-error' as const,
          ...result,
          errorText: part.errorText,
          providerMetadata: part.resultProviderMetadata,
        }),
      );
      break;
    case 'output-denied':
      chunks.push({ type: 'tool-output-denied', toolCallId });
      break;
  }
  return chunks;
}

function partOf(part: Part, index: number): UIMessageChunk[] {
  if (isToolUIPart(part)) return toolCallOf(part);
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
      // Sources, files and whatever else is a chunk as it is a part.
      return [defined({ ...part }) as UIMessageChunk];
  }
}

const approvalResponse: UIMessageChunk = {
  type: 'tool-approval-response',
  approvalId: 'id',
  approved: true,
};

let whetherKnown: Promise<boolean> | undefined;

/** AI SDK 6 has no chunk for the answer to an approval, and its clients refuse what they do not know. */
async function knowsApprovalResponses(): Promise<boolean> {
  const answer = await uiMessageChunkSchema().validate?.(approvalResponse);
  return answer?.success === true;
}

/**
 * The chunks from which an AI SDK client rebuilds the parts that a message has already. Whoever
 * replays the continuation of a message from its start needs them, because the client begins
 * with an empty message then.
 */
export async function historyChunks(message: UIMessage): Promise<UIMessageChunk[]> {
  whetherKnown ??= knowsApprovalResponses();
  const isKnown = await whetherKnown;
  return message.parts
    .flatMap(partOf)
    .filter(({ type }) => isKnown || type !== approvalResponse.type);
}
