import { type OpenAILanguageModelResponsesOptions, openai } from '@ai-sdk/openai';
import {
  convertToModelMessages,
  isStepCount,
  streamText,
  toUIMessageStream,
  type UIMessage,
  type UIMessageStreamWriter,
} from 'ai';
import type { TaskReporter } from 'ai-task-stream/server';
import { isLocalModel, modelName } from './model';
import { writeReport } from './report-tool';

const instructions = `You are a friendly, concise assistant. Answer in Markdown.
When you are asked for a report, say in one sentence that you will write it, call the tool writeReport, and after it close with one sentence. The page shows the report itself, so do not repeat it.`;

/** Answers the newest message of a chat. */
export async function answer({
  messages,
  task,
  writer,
  signal,
}: {
  messages: UIMessage[];
  task: TaskReporter;
  writer: UIMessageStreamWriter;
  signal: AbortSignal;
}): Promise<void> {
  const { stream } = streamText({
    model: openai(modelName()),
    instructions,
    messages: await convertToModelMessages(messages, { ignoreIncompleteToolCalls: true }),
    tools: { writeReport },
    toolsContext: { writeReport: { task, writer } },
    stopWhen: isStepCount(4),
    abortSignal: signal,
    providerOptions: {
      openai: {
        // OpenAI need not store the chat: this server keeps it, and sends it whole with each turn.
        store: false,
        forceReasoning: isLocalModel() || undefined,
        // OpenAI shows summaries to verified organisations only.
        reasoningSummary: isLocalModel() ? 'auto' : process.env.OPENAI_REASONING_SUMMARY,
      } satisfies OpenAILanguageModelResponsesOptions,
    },
  });
  writer.merge(toUIMessageStream({ stream }));
}
