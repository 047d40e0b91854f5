import { composeOutline, composeSection } from '../lib/compose-report.mjs';
import { wordsOf } from './event-writer.mjs';

/**
 * OpenAI's streaming protocol for chat completions, as far as `lib/generate-report.ts` uses it: its
 * two prompts, for an outline and for a report. Breaks off in the middle of the report when the
 * topic contains the word "fail".
 *
 * @param {{ model: string, messages: { content: string | { text?: string }[] }[] }} body
 * @see https://platform.openai.com/docs/api-reference/chat/streaming
 */
export function createCompletion({ model, messages }) {
  const prompt = messages.map(({ content }) => textOf(content)).join('\n');
  const topic = /^Topic: (.*)$/m.exec(prompt)?.[1]?.trim();
  if (!topic) throw new Error('The prompt has to name its topic in a line "Topic: …".');
  const sections = [...prompt.matchAll(/^- (.+)$/gm)].map(([, title]) => title);
  const kind = sections.length > 0 ? 'report' : 'outline';
  const text = sections.length
    ? sections.map((title) => composeSection(topic, title)).join('\n\n')
    : composeOutline(topic).join('\n');
  const fails = kind === 'report' && /\bfail/i.test(topic);

  return {
    kind,
    topic,
    /** Writes the completion, and tells how that ended. */
    async answer(writer, number) {
      const chunk = (fields) => ({
        id: `chatcmpl-${number}`,
        object: 'chat.completion.chunk',
        created: Math.floor(Date.now() / 1000),
        model,
        ...fields,
      });
      const choice = (delta, finishReason = null) =>
        chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] });

      await writer.send(choice({ role: 'assistant', content: '' }));
      await writer.think();
      await writer.write(text, {
        kind,
        until: fails ? 0.4 : 1,
        toEvent: (content) => choice({ content }),
      });
      if (writer.isLeft) return 'disconnected';
      if (fails) {
        const message = 'The server had an error while writing.';
        await writer.send({ error: { message, type: 'server_error', param: null, code: null } });
        return 'failed';
      }
      const promptTokens = prompt.length >> 2;
      const completionTokens = wordsOf(text).length;
      await writer.send(choice({}, 'stop'));
      await writer.send(
        chunk({
          choices: [],
          usage: {
            prompt_tokens: promptTokens,
            completion_tokens: completionTokens,
            total_tokens: promptTokens + completionTokens,
          },
        }),
      );
      await writer.sendDone();
      return 'completed';
    },
  };
}

/** Message content is a string, or a list of parts. */
function textOf(content) {
  return typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('');
}
