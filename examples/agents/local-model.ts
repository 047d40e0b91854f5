import type { LanguageModel } from 'ai';

/** Models of this specification fit AI SDK 6 and 7. */
type Model = Extract<LanguageModel, { specificationVersion: 'v3' }>;
type Prompt = Parameters<Model['doStream']>[0]['prompt'];
type Part =
  Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Value>
    ? Value
    : never;

/** What is booked in each step. After the last one, the model says that it is done. */
const plan = [['train'], ['hotel', 'table'], ['taxi']];

const pauseMs = 150;
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));

/**
 * Stands for a real model, so that nothing here needs an API key: it makes the same bookings whatever
 * it is asked for, a step at a time, and sees in the messages how far it has come.
 *
 * @param beforePart Awaited before each part of an answer. Default: 150 ms pass.
 */
export function createLocalModel(beforePart: (part: Part) => Promise<void> = pause): Model {
  return {
    specificationVersion: 'v3',
    provider: 'local',
    modelId: 'travel-agent',
    supportedUrls: {},
    async doStream({ prompt, abortSignal }) {
      const parts = answer(prompt);
      const stream = new ReadableStream<Part>({
        async pull(controller) {
          const { value, done } = parts.next();
          if (done) return controller.close();
          await beforePart(value);
          abortSignal?.throwIfAborted();
          controller.enqueue(value);
        },
      });
      return { stream };
    },
    doGenerate: () => Promise.reject(new Error('This model only streams.')),
  };
}

function* answer(prompt: Prompt): Generator<Part, undefined> {
  const step = prompt.filter(({ role }) => role === 'tool').length;
  const wanted = plan[step] ?? [];
  yield { type: 'stream-start', warnings: [] };
  yield* say(wanted.length > 0 ? `I book the ${wanted.join(' and the ')}. ` : 'All is booked. ');
  for (const what of wanted) {
    // Another one each time, as with real models: an id of a call is no idempotency key.
    const toolCallId = `call-${crypto.randomUUID()}`;
    const input = JSON.stringify({ what, to: 'Lisbon' });
    yield { type: 'tool-input-start', id: toolCallId, toolName: 'book' };
    yield { type: 'tool-input-delta', id: toolCallId, delta: input };
    yield { type: 'tool-input-end', id: toolCallId };
    yield { type: 'tool-call', toolCallId, toolName: 'book', input };
  }
  const unified = wanted.length > 0 ? 'tool-calls' : 'stop';
  yield {
    type: 'finish',
    finishReason: { unified, raw: unified },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    },
  };
}

function* say(text: string): Generator<Part> {
  yield { type: 'text-start', id: 'text' };
  for (const delta of text.match(/\S+\s*/g) ?? []) yield { type: 'text-delta', id: 'text', delta };
  yield { type: 'text-end', id: 'text' };
}
