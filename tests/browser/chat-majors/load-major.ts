import type { Tool, UIMessage, UIMessageChunk } from 'ai';
import { taskDataPartSchemas } from 'ai-task-stream';
import { httpFetch } from '../../helpers/http-fetch';
import { importWithAi } from '../../helpers/import-with-ai';

// Version 6 differs in types that play no part here.
type Ai = typeof import('ai');
type OpenAI = typeof import('@ai-sdk/openai');

interface AnswerOptions {
  messages: UIMessage[];
  tools: Record<string, Tool>;
  signal: AbortSignal;
  /** Where the model is. */
  baseURL: string;
}

/** What a chat's server needs of one major version of the AI SDK. */
export interface ChatMajor {
  readonly major: 6 | 7;
  /** Our own modules, in which `ai` is this version. */
  readonly server: typeof import('ai-task-stream/server');
  readonly redis: typeof import('ai-task-stream/redis');
  /** Throws unless they are messages of a chat. */
  checkMessages(messages: unknown): Promise<UIMessage[]>;
  /** What the model answers, by this version's `streamText`. */
  answer(options: AnswerOptions): Promise<ReadableStream<UIMessageChunk>>;
}

export async function loadMajor(major: 6 | 7): Promise<ChatMajor> {
  const importAi = () => (major === 7 ? import('ai') : import('ai-v6'));
  const importOpenAI = () => (major === 7 ? import('@ai-sdk/openai') : import('ai-sdk-openai-v3'));
  const ai = (await importAi()) as Ai;
  const { createOpenAI } = (await importOpenAI()) as OpenAI;
  const [server, redis] = await importWithAi(importAi, () =>
    Promise.all([import('ai-task-stream/server'), import('ai-task-stream/redis')]),
  );
  return {
    major,
    server,
    redis,
    checkMessages: (messages) =>
      ai.validateUIMessages({ messages, dataSchemas: taskDataPartSchemas }),
    async answer({ messages, tools, signal, baseURL }) {
      const result = ai.streamText({
        // After an abort, the platform's own `fetch` would keep a connection ahead for a while.
        model: createOpenAI({ baseURL, apiKey: 'local', fetch: httpFetch })('local-writer'),
        messages: await ai.convertToModelMessages(messages),
        tools,
        stopWhen: ai.stepCountIs(2),
        abortSignal: signal,
        maxRetries: 0,
        onError: () => {},
        providerOptions: {
          openai: { store: false, forceReasoning: true, reasoningSummary: 'auto' },
        },
      });
      return major === 7
        ? ai.toUIMessageStream({ stream: result.stream })
        : result.toUIMessageStream();
    },
  };
}
