import { Chat as Chat7 } from '@ai-sdk/react';
import type { ToolSet, UIMessage, UIMessageChunk } from 'ai';
import {
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  tool,
} from 'ai';
import { Chat as Chat6 } from 'ai-sdk-react-v3';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { until } from '../../helpers/async';
import { idsOf } from '../../helpers/chat-turns';
import { namedParts } from '../../helpers/message-parts';
import { serverVersions } from '../../helpers/server-versions';
import { type Answer, createTurnHost, type TurnHost } from '../../helpers/turn-host';

const newest = serverVersions.filter(({ version }) => typeof version === 'number');

const paid: unknown[] = [];
const tools = {
  locate: tool({ inputSchema: z.object({ exact: z.boolean() }) }),
  pay: tool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: async (input) => {
      paid.push(input);
      return 'paid';
    },
  }),
} satisfies ToolSet;

const says = (text: string): UIMessageChunk[] => [
  { type: 'start' },
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: text },
  { type: 'text-end', id: 't' },
  { type: 'finish-step' },
  { type: 'finish' },
];

const calls = (toolName: string, toolCallId: string, input: unknown) => [
  { type: 'stream-start', warnings: [] },
  { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) },
  finishPart('tool-calls'),
];

describe.each(newest)('a page of AI SDK $version', ({ major, load }) => {
  const [version] = aiVersions.filter((one) => one.version === major);

  let modules: Awaited<ReturnType<typeof load>>;

  beforeAll(async () => {
    modules = await load();
  });

  /** A page on a chat, and its server. */
  function openChat(options: Parameters<typeof createTurnHost>[1] = {}) {
    const host = createTurnHost(modules, options);
    // One version's types stand for both.
    const Chat = major === 7 ? Chat7 : (Chat6 as unknown as typeof Chat7);
    const transport = new modules.ai.DefaultChatTransport({ fetch: host.fetch });
    const open = (messages: UIMessage[] = [], init = {}) =>
      new Chat({ id: 'chat', messages, transport, ...init });
    /** An answer of `streamText` over a model that streams these parts. */
    const byModel =
      (parts: Record<string, unknown>[]): Answer =>
      async ({ messages }) =>
        version!.streamText({
          parts,
          tools,
          messages: await modules.ai.convertToModelMessages(messages, { tools }),
        });
    return { host, open, byModel, transport };
  }

  /** The page shows what the database has after so many turns. */
  async function expectSame(
    host: TurnHost,
    chat: InstanceType<typeof Chat7>,
    turns: number,
  ): Promise<void> {
    await until(() => host.countAnswered() === turns && chat.status === 'ready');
    expect(JSON.parse(JSON.stringify(chat.messages))).toEqual(host.stored());
  }

  it('sends, edits and has answers written anew', async () => {
    const { host, open } = openChat();
    const chat = open();
    host.answerBy(
      ...['One', 'Two', 'Three', 'Four', 'Five'].map(
        (text): Answer =>
          () =>
            says(text),
      ),
    );
    await chat.sendMessage({ text: 'First' });
    await chat.sendMessage({ text: 'Second' });
    await expectSame(host, chat, 2);
    expect(host.stored()).toHaveLength(4);
    await chat.regenerate();
    await expectSame(host, chat, 3);
    expect(idsOf(host.stored()).at(-1)).toBe('answer-3');
    const [question, , edited] = idsOf(chat.messages);
    await chat.sendMessage({ text: 'Edited', messageId: edited ?? '' });
    await expectSame(host, chat, 4);
    expect(host.stored()[2]).toMatchObject({ id: edited, parts: [{ text: 'Edited' }] });
    await chat.regenerate({ messageId: 'answer-1' });
    await expectSame(host, chat, 5);
    expect(idsOf(host.stored())).toEqual([question, 'answer-5']);
  });

  it.each(['regenerate', 'sendMessage'] as const)(
    'sends by `%s` what did not arrive',
    async (again) => {
      const { host, open } = openChat();
      const chat = open();
      host.answerBy(
        () => says('One'),
        () => says('Two'),
      );
      await chat.sendMessage({ text: 'First' });
      host.failOnce();
      await chat.sendMessage({ text: 'Second' });
      expect(chat.status).toBe('error');
      await chat[again]();
      await expectSame(host, chat, 2);
      expect(host.stored()).toHaveLength(4);
    },
  );

  it('runs a client tool', async () => {
    const { host, open, byModel } = openChat({ tools });
    const chat = open([], { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls });
    let seen: unknown;
    host.answerBy(byModel(calls('locate', 'l', { exact: true })), (options) => {
      seen = options.messages.at(-1)?.parts.at(-1);
      return byModel(textParts('You are in Ulm.'))(options);
    });
    await chat.sendMessage({ text: 'Where am I?' });
    await chat.addToolOutput({ tool: 'locate', toolCallId: 'l', output: { city: 'Ulm' } });
    await expectSame(host, chat, 2);
    expect(host.stored()).toHaveLength(2);
    expect(seen).toMatchObject({ state: 'output-available', output: { city: 'Ulm' } });
  });

  it.each([true, false])('answers an approval (%j), also after a reload', async (approved) => {
    paid.length = 0;
    const { host, open, byModel } = openChat({ tools });
    host.answerBy(byModel(calls('pay', 'p', { euros: 5 })), byModel(textParts('Very well.')));
    await open().sendMessage({ text: 'Pay.' });
    const sendAutomaticallyWhen = lastAssistantMessageIsCompleteWithApprovalResponses;
    const chat = open(host.stored(), { sendAutomaticallyWhen });
    const [, { parts } = { parts: [] }] = chat.messages;
    const call = parts.find(({ type }) => type === 'tool-pay') as { approval: { id: string } };
    await chat.addToolApprovalResponse({ id: call.approval.id, approved });
    await expectSame(host, chat, 2);
    expect(host.stored()).toHaveLength(2);
    const state = approved ? 'output-available' : 'output-denied';
    const after = host.stored()[1]?.parts.find(({ type }) => type === 'tool-pay');
    expect(after).toMatchObject({ state, approval: { approved } });
    expect(paid).toEqual(approved ? [{ euros: 5 }] : []);
  });

  it('answers an approval in a message that is not the last one', async () => {
    paid.length = 0;
    const { host, open, byModel, transport } = openChat({ tools });
    host.answerBy(byModel(calls('pay', 'p', { euros: 5 })), () => says('Sunny.'));
    host.answerBy(byModel(textParts('Paid.')));
    const chat = open();
    await chat.sendMessage({ text: 'Pay.' });
    await chat.sendMessage({ text: 'And the weather?' });
    const call = chat.messages[1]?.parts.find(({ type }) => type === 'tool-pay');
    const { approval } = call as { approval: { id: string } };
    if (major === 7) {
      await chat.addToolApprovalResponse({ id: approval.id, approved: true });
      await chat.sendMessage();
    } else {
      // The chat of AI SDK 6 answers approvals of the last message only, its transport those of any.
      const answered = {
        ...call,
        state: 'approval-responded',
        approval: { ...approval, approved: true },
      };
      const messages = chat.messages.map(({ parts, ...message }) => ({
        ...message,
        parts: parts.map((part) => (part === call ? (answered as typeof part) : part)),
      }));
      const messageId = messages[1]?.id;
      const options = {
        chatId: 'chat',
        trigger: 'submit-message',
        abortSignal: undefined,
      } as const;
      const stream = await transport.sendMessages({ ...options, messages, messageId });
      await stream.pipeTo(new WritableStream());
    }
    await until(() => host.countAnswered() === 3);
    expect(host.stored()[1]?.parts.at(-1)).toMatchObject({ text: 'Paid.' });
    expect(paid).toEqual([{ euros: 5 }]);
    expect(host.stored()).toHaveLength(4);
    expect(host.stored()[3]?.parts.at(-1)).toMatchObject({ text: 'Sunny.' });
  });

  it('sends files, data and metadata, and gets whatever an answer may have', async () => {
    const dataPartSchemas = { place: z.object({ lat: z.number() }), note: z.unknown() };
    const messageMetadataSchema = z.object({ sentAt: z.number() });
    const { host, open } = openChat({ dataPartSchemas, messageMetadataSchema });
    const chat = open();
    const kinds = ['source-url', 'source-document', 'file', 'data-note'];
    const parts = namedParts
      .filter(({ part, major: only = major }) => only === major && kinds.includes(part.type))
      .map(({ part }) => part as UIMessageChunk);
    host.answerBy(
      () => [
        { type: 'start', messageMetadata: { sentAt: 1 } },
        { type: 'start-step' },
        { type: 'reasoning-start', id: 'r' },
        { type: 'reasoning-delta', id: 'r', delta: 'Hm.' },
        { type: 'reasoning-end', id: 'r' },
        ...parts,
        { type: 'data-note', data: 'for this moment', transient: true },
        { type: 'tool-input-start', toolCallId: 'd', toolName: 'any', dynamic: true },
        {
          type: 'tool-input-available',
          toolCallId: 'd',
          toolName: 'any',
          input: {},
          dynamic: true,
        },
        { type: 'tool-output-available', toolCallId: 'd', output: 1, dynamic: true },
        { type: 'finish-step' },
        { type: 'finish', messageMetadata: { sentAt: 2 } },
      ],
      () => says('Again.'),
    );
    const file = { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,hi' } as const;
    await chat.sendMessage({ text: 'See', files: [file], metadata: { sentAt: 1 } });
    await expectSame(host, chat, 1);
    expect(host.stored()[0]).toMatchObject({ metadata: { sentAt: 1 } });
    expect(host.stored()[1]).toMatchObject({ metadata: { sentAt: 2 } });
    expect(host.stored()[1]?.parts).toHaveLength(parts.length + 3);
    await chat.sendMessage({ parts: [{ type: 'data-place', data: { lat: 48 } }] });
    await expectSame(host, chat, 2);
    expect(host.stored()).toHaveLength(4);
  });
});
