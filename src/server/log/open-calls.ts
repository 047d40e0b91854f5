import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { ChunkSource } from './chunk-source';

/**
 * Where a tool call without a final output stands. `waiting` is a call that the page has to answer:
 * that of a client tool, or one that asks for an approval.
 */
export type CallStage =
  | 'input-streaming'
  | 'input-available'
  | 'preliminary'
  | 'approved'
  | 'denied'
  | 'waiting';

export interface OpenToolCall {
  /** Unknown for a call of the message that the task continues. */
  readonly source: ChunkSource | undefined;
  readonly stage: CallStage;
  readonly providerExecuted: boolean | undefined;
  readonly dynamic: boolean | undefined;
}

/**
 * How a call is closed, if it is. A call that the server has in hand and that has no output makes
 * the chat's next turn throw. Whether a call whose input is there is one of a client tool is known
 * only once its step is finished or the task completes. What a task that completes has made of the
 * message it continues is the host's to say.
 */
export function closingType(
  { stage, source }: OpenToolCall,
  outcome: TaskOutcome,
): 'tool-output-error' | 'tool-output-denied' | undefined {
  if (outcome === 'completed' && !source) return undefined;
  switch (stage) {
    case 'waiting':
      return undefined;
    case 'input-available':
      return outcome === 'completed' ? undefined : 'tool-output-error';
    case 'denied':
      return 'tool-output-denied';
    default:
      return 'tool-output-error';
  }
}

export function closeCall(
  type: 'tool-output-error' | 'tool-output-denied',
  toolCallId: string,
  { providerExecuted, dynamic }: OpenToolCall,
  errorText: string,
): UIMessageChunk {
  if (type === 'tool-output-denied') return { type, toolCallId };
  return {
    type,
    toolCallId,
    errorText,
    ...(providerExecuted !== undefined && { providerExecuted }),
    ...(dynamic !== undefined && { dynamic }),
  };
}

/**
 * The calls of a message whose approval was answered: whoever continues it executes them now. All
 * others that have no output wait for the page, or for nobody.
 */
export function answeredCalls(message: UIMessage | undefined): [string, OpenToolCall][] {
  return (message?.parts ?? []).flatMap((part): [string, OpenToolCall][] => {
    if (!('toolCallId' in part) || part.state !== 'approval-responded') return [];
    const { toolCallId, providerExecuted, approval } = part;
    const dynamic = part.type === 'dynamic-tool' ? true : undefined;
    const stage = approval.approved ? 'approved' : 'denied';
    return [[toolCallId, { source: undefined, stage, providerExecuted, dynamic }]];
  });
}
