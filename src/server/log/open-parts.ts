import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { ChunkSource } from './chunk-source';
import {
  answeredCalls,
  type CallStage,
  closeCall,
  closingType,
  type OpenToolCall,
} from './open-calls';

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
      // By far the most, and they open nothing.
      case 'text-delta':
      case 'reasoning-delta':
        break;
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
