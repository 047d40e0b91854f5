import type { ModelMessage, UIMessage, UIMessageChunk } from 'ai';
import * as ai7 from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import * as ai6 from 'ai-v6';
import { MockLanguageModelV3 } from 'ai-v6/test';

interface ChunkSchema {
  validate?: (value: unknown) => PromiseLike<{ success: boolean; error?: Error }> | unknown;
}

/** What the tests use of the AI SDK, in terms of version 7, whose types are a superset. */
export interface AiVersion {
  readonly version: 6 | 7;
  /** Throws unless the AI SDK's own schema takes the chunk. */
  validateChunk(chunk: unknown): Promise<void>;
  /** The last message that the AI SDK makes of the chunks. */
  readMessage(
    chunks: readonly UIMessageChunk[],
    options?: { message?: UIMessage; onError?: (error: unknown) => void },
  ): Promise<UIMessage | undefined>;
  /** The chunks of a body, through the AI SDK's own SSE parser and schema. */
  parseBody(body: ReadableStream<Uint8Array>): Promise<UIMessageChunk[]>;
  validateUIMessages(options: {
    messages: unknown;
    dataSchemas?: Record<string, unknown>;
  }): Promise<UIMessage[]>;
  /** `streamText` over a model that streams the given parts, as UI message chunks. */
  streamText(options: {
    parts:
      | readonly Record<string, unknown>[]
      | ReadableStream<Record<string, unknown>>
      /** Gets the signal that aborts the request. */
      | ((signal: AbortSignal | undefined) => ReadableStream<Record<string, unknown>>);
    signal?: AbortSignal;
    tools?: Record<string, unknown>;
    /** The model fails with this error before its first part. */
    failure?: Error;
    timeout?: number | { chunkMs: number };
    /** Default: a prompt of one line. */
    messages?: ModelMessage[];
    /** Whether the stream has a `finish` chunk. Default true. */
    sendFinish?: boolean;
  }): ReadableStream<UIMessageChunk>;
  convertToModelMessages(
    messages: UIMessage[],
    tools?: Record<string, unknown>,
  ): Promise<ModelMessage[]>;
}

function streamOf<Value>(values: readonly Value[]): ReadableStream<Value> {
  return new ReadableStream({
    start(controller) {
      for (const value of values) controller.enqueue(value);
      controller.close();
    },
  });
}

function createVersion(version: 6 | 7): AiVersion {
  // The cast is safe: the types in which version 6 differs are not used here.
  const ai = (version === 7 ? ai7 : ai6) as typeof ai7;
  const schema = (): ChunkSchema => {
    const lazy = ai.uiMessageChunkSchema as unknown as (() => ChunkSchema) | ChunkSchema;
    return typeof lazy === 'function' ? lazy() : lazy;
  };
  return {
    version,
    async validateChunk(chunk) {
      const { validate } = schema();
      if (!validate) throw new Error('The schema of the AI SDK cannot validate.');
      const checked = (await validate(chunk)) as { success: boolean; error?: Error };
      if (!checked.success) {
        throw new Error(`AI SDK ${version} refuses ${JSON.stringify(chunk)}`, {
          cause: checked.error,
        });
      }
    },
    async readMessage(chunks, { message, onError } = {}) {
      let last: UIMessage | undefined;
      const stream = streamOf(chunks);
      for await (const next of ai.readUIMessageStream({ message, stream, onError })) last = next;
      return last;
    },
    async parseBody(body) {
      const chunks: UIMessageChunk[] = [];
      const parsed = ai.parseJsonEventStream({
        stream: body,
        schema: ai.uiMessageChunkSchema as never,
      }) as unknown as AsyncIterable<{ success: boolean; value: UIMessageChunk; error?: Error }>;
      for await (const { success, value, error } of parsed) {
        if (!success) throw error;
        chunks.push(value);
      }
      return chunks;
    },
    validateUIMessages: (options) => ai.validateUIMessages(options as never),
    convertToModelMessages: (messages, tools) =>
      ai.convertToModelMessages(messages, { tools } as never),
    streamText({ parts, signal, tools, failure, timeout, messages, sendFinish = true }) {
      const doStream = async ({ abortSignal }: { abortSignal?: AbortSignal }) => {
        if (failure) throw failure;
        if (typeof parts === 'function') return { stream: parts(abortSignal) };
        return { stream: parts instanceof ReadableStream ? parts : streamOf(parts) };
      };
      const model =
        version === 7
          ? new MockLanguageModelV4({ doStream } as never)
          : new MockLanguageModelV3({ doStream } as never);
      const options = {
        model,
        ...(messages ? { messages } : { prompt: 'Go.' }),
        timeout,
        abortSignal: signal,
        tools,
        maxRetries: 0,
        onError: () => {},
      };
      const result = ai.streamText(options as never);
      return (
        version === 7
          ? ai7.toUIMessageStream({ stream: result.stream as never, sendFinish })
          : result.toUIMessageStream({ sendFinish })
      ) as ReadableStream<UIMessageChunk>;
    },
  };
}

export const aiVersions: readonly AiVersion[] = [createVersion(7), createVersion(6)];

/** The model's parts of one text answer. */
export function textParts(...deltas: string[]): Record<string, unknown>[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: 't' },
    ...deltas.map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
    finishPart('stop'),
  ];
}

export function finishPart(unified: string): Record<string, unknown> {
  return {
    type: 'finish',
    finishReason: { unified, raw: unified },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    },
  };
}
