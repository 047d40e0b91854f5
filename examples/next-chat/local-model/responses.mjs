import { randomUUID } from 'node:crypto';
import { composeAnswer, composeClosing, composeMailClosing } from './compose-answer.mjs';
import { wordsOf } from './event-writer.mjs';

/**
 * OpenAI's streaming protocol for responses, as far as a chat uses it: text, summaries of reasoning
 * where the request wants them, and calls of the tools `writeReport` and `sendMail`. Breaks off in the
 * middle of an answer when the question contains the word "fail".
 *
 * @param {{
 *   model: string,
 *   input: {
 *     type?: string,
 *     role?: string,
 *     content?: unknown,
 *     output?: unknown,
 *     name?: string,
 *     call_id?: string,
 *   }[],
 *   tools?: { name?: string }[],
 *   reasoning?: { summary?: string },
 *   include?: string[],
 * }} body
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
export function createResponse({ model, input, tools = [], include = [], reasoning: wanted }) {
  const last = input.at(-1);
  const isClosing = last?.type === 'function_call_output';
  const question = textOf(input.findLast(({ role }) => role === 'user')?.content);
  if (!question) throw new Error('The input has to contain something that the user said.');

  const kind = isClosing ? 'closing' : 'answer';
  const has = (tool) => tools.some(({ name }) => name === tool);
  const compose = { sendMail: composeMailClosing }[toolOf(input, last)] ?? composeClosing;
  const { reasoning, text, reportTopic, mail } = isClosing
    ? { text: compose(textOf(last.output)) }
    : composeAnswer(question, {
        canWriteReports: has('writeReport'),
        canSendMail: has('sendMail'),
      });
  const fails = !isClosing && !reportTopic && /\bfail/i.test(question);

  return {
    kind,
    topic: question,
    /** Writes the response, and tells how that ended. */
    async answer(writer) {
      let sequenceNumber = 0;
      const event = (type, fields) => ({ type, sequence_number: sequenceNumber++, ...fields });
      const send = (type, fields) => writer.send(event(type, fields));
      const response = {
        id: idOf('resp'),
        object: 'response',
        created_at: Math.floor(Date.now() / 1000),
        model,
        output: [],
      };
      let outputIndex = 0;

      await send('response.created', { response: { ...response, status: 'in_progress' } });
      await writer.think();
      if (reasoning && wanted?.summary) {
        // Only the model that wrote it can read encrypted reasoning; this one has nothing to keep.
        const encrypted = include.includes('reasoning.encrypted_content') && {
          encrypted_content: 'bG9jYWw=',
        };
        await writeReasoning(writer, event, {
          outputIndex: outputIndex++,
          text: reasoning,
          encrypted,
        });
      }
      const until = fails ? 0.55 : 1;
      await writeMessage(writer, event, { outputIndex: outputIndex++, text, kind, until });
      if (writer.isLeft) return 'disconnected';
      if (fails) {
        const message = 'The server had an error while writing.';
        await send('error', { code: 'server_error', message, param: null });
        return 'failed';
      }
      if (reportTopic) {
        const input = { topic: reportTopic };
        await writeToolCall(writer, event, { outputIndex, name: 'writeReport', input });
      }
      if (mail) await writeToolCall(writer, event, { outputIndex, name: 'sendMail', input: mail });
      const inputTokens = JSON.stringify(input).length >> 2;
      const outputTokens = wordsOf(text).length;
      const usage = {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + outputTokens,
      };
      await send('response.completed', { response: { ...response, status: 'completed', usage } });
      return writer.isLeft ? 'disconnected' : 'completed';
    },
  };
}

async function writeReasoning(writer, event, { outputIndex, text, encrypted }) {
  const id = idOf('rs');
  const place = { item_id: id, output_index: outputIndex, summary_index: 0 };
  const part = { type: 'summary_text', text };
  const send = (type, fields) => writer.send(event(type, { ...place, ...fields }));
  await writer.send(
    event('response.output_item.added', {
      output_index: outputIndex,
      item: { id, type: 'reasoning', summary: [] },
    }),
  );
  await send('response.reasoning_summary_part.added', { part: { ...part, text: '' } });
  await writer.write(text, {
    kind: 'reasoning',
    toEvent: (delta) => event('response.reasoning_summary_text.delta', { ...place, delta }),
  });
  await send('response.reasoning_summary_text.done', { text });
  await send('response.reasoning_summary_part.done', { part });
  await writer.send(
    event('response.output_item.done', {
      output_index: outputIndex,
      item: { id, type: 'reasoning', summary: [part], ...encrypted },
    }),
  );
}

async function writeMessage(writer, event, { outputIndex, text, kind, until }) {
  const id = idOf('msg');
  const place = { item_id: id, output_index: outputIndex, content_index: 0 };
  const item = { id, type: 'message', role: 'assistant' };
  const part = { type: 'output_text', annotations: [], text };
  const send = (type, fields) => writer.send(event(type, { ...place, ...fields }));
  await writer.send(
    event('response.output_item.added', {
      output_index: outputIndex,
      item: { ...item, status: 'in_progress', content: [] },
    }),
  );
  await send('response.content_part.added', { part: { ...part, text: '' } });
  await writer.write(text, {
    kind,
    until,
    toEvent: (delta) => event('response.output_text.delta', { ...place, delta, logprobs: [] }),
  });
  if (until < 1) return;
  await send('response.output_text.done', { text, logprobs: [] });
  await send('response.content_part.done', { part });
  await writer.send(
    event('response.output_item.done', {
      output_index: outputIndex,
      item: { ...item, status: 'completed', content: [part] },
    }),
  );
}

async function writeToolCall(writer, event, { outputIndex, name, input }) {
  const id = idOf('fc');
  const place = { item_id: id, output_index: outputIndex };
  const call = { id, type: 'function_call', call_id: idOf('call'), name };
  const json = JSON.stringify(input);
  await writer.send(
    event('response.output_item.added', {
      output_index: outputIndex,
      item: { ...call, status: 'in_progress', arguments: '' },
    }),
  );
  for (const delta of wordsOf(json)) {
    await writer.send(event('response.function_call_arguments.delta', { ...place, delta }));
  }
  await writer.send(
    event('response.function_call_arguments.done', { ...place, name: call.name, arguments: json }),
  );
  await writer.send(
    event('response.output_item.done', {
      output_index: outputIndex,
      item: { ...call, status: 'completed', arguments: json },
    }),
  );
}

/** The tool whose call an item of the input is the output of. */
function toolOf(input, item) {
  const isCall = ({ type, call_id }) => type === 'function_call' && call_id === item?.call_id;
  return input.find(isCall)?.name;
}

function idOf(prefix) {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

/** The text of a message's content, which is a string or a list of parts. */
function textOf(content) {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map(({ text }) => text ?? '').join('\n') : '';
}
