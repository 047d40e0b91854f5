import type { UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';

/** Remembers which text, reasoning and tool parts are open, and can close them. */
export interface OpenParts {
  /**
   * Takes note of a chunk that is about to be sent, and gives those that must go before it.
   *
   * @param source Tells chunks of one merged stream from those of another.
   */
  track(chunk: UIMessageChunk, source: unknown): readonly UIMessageChunk[];
  /** The chunks that close what is still open, given how the task ends. */
  closingChunks(outcome: TaskOutcome, errorText: string): UIMessageChunk[];
}

const nothing: readonly UIMessageChunk[] = [];

interface OpenToolCall {
  readonly source: unknown;
  isInputAvailable: boolean;
  readonly providerExecuted: boolean | undefined;
  readonly dynamic: boolean | undefined;
}

/**
 * A tool call left open makes the chat's next turn throw, so a server tool's call is closed with
 * an error. A call that waits for the page (a client tool, an approval) is not touched: it is
 * still open when its step is finished, or when the task completes.
 *
 * Text and reasoning are closed before the step of their own stream is finished, because AI SDK 6
 * forgets open ones there, and then takes their end for an error.
 */
export function createOpenParts(): OpenParts {
  // The streams that opened them, by id.
  const texts = new Map<string, unknown>();
  const reasonings = new Map<string, unknown>();
  const toolCalls = new Map<string, OpenToolCall>();

  /** Forgets texts and reasonings, and gives the chunks that close them. */
  const close = (isMeant: (source: unknown) => boolean): UIMessageChunk[] =>
    [['text-end', texts] as const, ['reasoning-end', reasonings] as const].flatMap(
      ([type, open]) => {
        const ids = [...open].flatMap(([id, source]) => (isMeant(source) ? id : []));
        for (const id of ids) open.delete(id);
        return ids.map((id): UIMessageChunk => ({ type, id }));
      },
    );

  return {
    track(chunk, source) {
      switch (chunk.type) {
        case 'text-start':
          texts.set(chunk.id, source);
          break;
        case 'text-end':
          texts.delete(chunk.id);
          break;
        case 'reasoning-start':
          reasonings.set(chunk.id, source);
          break;
        case 'reasoning-end':
          reasonings.delete(chunk.id);
          break;
        case 'tool-input-start':
        case 'tool-input-available':
          toolCalls.set(chunk.toolCallId, {
            source,
            isInputAvailable: chunk.type === 'tool-input-available',
            providerExecuted: chunk.providerExecuted,
            dynamic: chunk.dynamic,
          });
          break;
        case 'tool-output-available':
          if (chunk.preliminary) break;
          toolCalls.delete(chunk.toolCallId);
          break;
        case 'tool-input-error':
        case 'tool-output-error':
        case 'tool-output-denied':
        case 'tool-approval-request':
          toolCalls.delete(chunk.toolCallId);
          break;
        case 'finish-step':
          for (const [id, call] of toolCalls) {
            if (call.isInputAvailable && call.source === source) toolCalls.delete(id);
          }
          return close((opener) => opener === source);
        case 'reset-step':
          texts.clear();
          reasonings.clear();
          toolCalls.clear();
          break;
      }
      return nothing;
    },

    closingChunks(outcome, errorText) {
      return [
        ...close(() => true),
        ...[...toolCalls]
          .filter(([, call]) => outcome !== 'completed' || !call.isInputAvailable)
          .map(
            ([toolCallId, { providerExecuted, dynamic }]): UIMessageChunk => ({
              type: 'tool-output-error',
              toolCallId,
              errorText,
              ...(providerExecuted !== undefined && { providerExecuted }),
              ...(dynamic !== undefined && { dynamic }),
            }),
          ),
      ];
    },
  };
}
