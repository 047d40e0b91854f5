import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { ChunkSource } from './chunk-source';

/** Remembers which text, reasoning and tool parts are open, and can close them. */
export interface OpenParts {
  /** Takes note of a chunk that is sent. */
  track(chunk: UIMessageChunk, source: ChunkSource): void;
  /** Forgets a source's texts and reasonings, and gives the chunks that end them. */
  endTexts(source: ChunkSource): UIMessageChunk[];
  /** Forgets a source's tool calls that have no output, and gives the chunks that close them. */
  endCalls(source: ChunkSource, errorText: string): UIMessageChunk[];
  /** A source has finished a step: its calls without an output wait for the page from here on. */
  leaveToPage(source: ChunkSource): void;
  /** Whether a text or reasoning of another source is open; of any, if none is named. */
  hasTexts(besides?: ChunkSource): boolean;
  /** Whether the input of another source's tool call is on its way. */
  hasInputs(besides: ChunkSource): boolean;
  /** Whether another source has added to the newest step. */
  isStepShared(source: ChunkSource): boolean;
  /**
   * The chunks that close what is still open, given how the task ends. Changes nothing, so that it
   * can be asked again for another end.
   */
  closingChunks(outcome: TaskOutcome, errorText: string): UIMessageChunk[];
}

/**
 * Where a tool call without a final output stands. `waiting` is a call that the page has to answer:
 * that of a client tool, or one that asks for an approval.
 */
type CallStage =
  | 'input-streaming'
  | 'input-available'
  | 'preliminary'
  | 'approved'
  | 'denied'
  | 'waiting';

interface OpenToolCall {
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
function closingType(
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

function closeCall(
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
function answeredCalls(message: UIMessage | undefined): [string, OpenToolCall][] {
  return (message?.parts ?? []).flatMap((part): [string, OpenToolCall][] => {
    if (!('toolCallId' in part) || part.state !== 'approval-responded') return [];
    const { toolCallId, providerExecuted, approval } = part;
    const dynamic = part.type === 'dynamic-tool' ? true : undefined;
    const stage = approval.approved ? 'approved' : 'denied';
    return [[toolCallId, { source: undefined, stage, providerExecuted, dynamic }]];
  });
}

/**
 * Every call that the server has in hand is closed when the task is over, and none that waits for
 * the page. PROTOCOL.md has the table.
 *
 * @param continued The message that the task continues.
 */
export function createOpenParts({ continued }: { continued?: UIMessage } = {}): OpenParts {
  // The sources that opened them, by id.
  const texts = new Map<string, ChunkSource>();
  const reasonings = new Map<string, ChunkSource>();
  const calls = new Map<string, OpenToolCall>(answeredCalls(continued));
  // The calls that approvals are about, by the approvals' ids.
  const approvals = new Map<string, string>();
  // Those who added parts since the newest step began.
  const contributors = new Set<ChunkSource>();

  const moveCall = (toolCallId: string, stage: CallStage) => {
    const call = calls.get(toolCallId);
    if (call) calls.set(toolCallId, { ...call, stage });
  };

  const forgetCalls = (isMeant: (call: OpenToolCall) => boolean) => {
    for (const [toolCallId, call] of calls) if (isMeant(call)) calls.delete(toolCallId);
  };

  const textEnds = (isMeant: (source: ChunkSource) => boolean): UIMessageChunk[] =>
    [['text-end', texts] as const, ['reasoning-end', reasonings] as const].flatMap(([type, open]) =>
      [...open].flatMap(([id, source]): UIMessageChunk[] =>
        isMeant(source) ? [{ type, id }] : [],
      ),
    );

  const track = (chunk: UIMessageChunk, source: ChunkSource) => {
    switch (chunk.type) {
      case 'text-start':
        contributors.add(source);
        texts.set(chunk.id, source);
        break;
      case 'text-end':
        texts.delete(chunk.id);
        break;
      case 'reasoning-start':
        contributors.add(source);
        reasonings.set(chunk.id, source);
        break;
      case 'reasoning-end':
        reasonings.delete(chunk.id);
        break;
      case 'tool-input-start':
      case 'tool-input-available': {
        contributors.add(source);
        const { toolCallId, providerExecuted, dynamic } = chunk;
        const stage = chunk.type === 'tool-input-start' ? 'input-streaming' : 'input-available';
        calls.set(toolCallId, { source, stage, providerExecuted, dynamic });
        break;
      }
      case 'tool-output-available': {
        const { toolCallId, providerExecuted, dynamic } = chunk;
        if (!chunk.preliminary) calls.delete(toolCallId);
        else if (calls.has(toolCallId)) moveCall(toolCallId, 'preliminary');
        // A call of the message that the task continues, which the server works on now.
        else calls.set(toolCallId, { source, stage: 'preliminary', providerExecuted, dynamic });
        break;
      }
      case 'tool-input-error':
        contributors.add(source);
        calls.delete(chunk.toolCallId);
        break;
      case 'tool-output-error':
      case 'tool-output-denied':
        calls.delete(chunk.toolCallId);
        break;
      case 'tool-approval-request':
        approvals.set(chunk.approvalId, chunk.toolCallId);
        moveCall(chunk.toolCallId, 'waiting');
        break;
      case 'tool-approval-response': {
        const toolCallId = approvals.get(chunk.approvalId);
        if (toolCallId !== undefined) moveCall(toolCallId, chunk.approved ? 'approved' : 'denied');
        break;
      }
      case 'file':
      case 'reasoning-file':
      case 'source-url':
      case 'source-document':
      case 'custom':
        contributors.add(source);
        break;
      case 'start':
        // What came before it is the message that the task continues.
        forgetCalls(({ stage }) => stage !== 'approved' && stage !== 'denied');
        for (const [toolCallId, call] of answeredCalls(continued)) calls.set(toolCallId, call);
        break;
      case 'start-step':
        contributors.clear();
        break;
      case 'finish-step':
        leaveToPage(source);
        break;
      case 'reset-step':
        texts.clear();
        reasonings.clear();
        contributors.clear();
        forgetCalls(({ source: opener }) => opener !== undefined);
        break;
    }
  };

  const leaveToPage = (source: ChunkSource) => {
    for (const [toolCallId, call] of calls) {
      const { stage, providerExecuted } = call;
      // The provider's own tools never wait for the page; their output may come in a later step.
      if (call.source !== source || stage !== 'input-available' || providerExecuted) continue;
      moveCall(toolCallId, 'waiting');
    }
  };

  return {
    track,
    leaveToPage,
    endTexts(source) {
      const ends = textEnds((opener) => opener === source);
      for (const end of ends) track(end, source);
      return ends;
    },
    endCalls(source, errorText) {
      const ends = [...calls].flatMap(([toolCallId, call]) =>
        call.source === source ? closeCall('tool-output-error', toolCallId, call, errorText) : [],
      );
      for (const end of ends) track(end, source);
      return ends;
    },
    hasTexts: (besides) =>
      [texts, reasonings].some((open) => {
        for (const opener of open.values()) if (opener !== besides) return true;
        return false;
      }),
    hasInputs: (besides) =>
      [...calls.values()].some(
        ({ stage, source }) =>
          stage === 'input-streaming' && source !== besides && source?.hasEnded === false,
      ),
    isStepShared: (source) => [...contributors].some((contributor) => contributor !== source),
    closingChunks: (outcome, errorText) => [
      ...textEnds(() => true),
      ...[...calls].flatMap(([toolCallId, call]) => {
        const type = closingType(call, outcome);
        return type ? closeCall(type, toolCallId, call, errorText) : [];
      }),
    ],
  };
}
