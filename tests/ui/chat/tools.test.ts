import { tool, type UIMessage } from 'ai';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createDeferred, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { keeps, say, serveOneFile, showChat, textMessage, textsOf } from './one-file';

/** A tool that the page runs. */
const tools = { ask: tool({ inputSchema: z.object({}) }) };

type Part = UIMessage['parts'][number];

const call = (toolCallId: string, state: string, more: object = {}) =>
  ({ type: 'tool-ask', toolCallId, state, input: {}, ...more }) as Part;
const approvalOf = (id: string, more: object = {}) =>
  call(`call-${id}`, 'approval-requested', { approval: { id }, ...more });
const waiting = (id: string, ...parts: Part[]): UIMessage => ({ id, role: 'assistant', parts });

/** States of the calls in each message. */
const statesOf = (messages: readonly UIMessage[] | undefined) =>
  (messages ?? []).map(({ parts }) =>
    parts.flatMap((part) => ('toolCallId' in part ? [String(part.state)] : [])),
  );

/** A server that goes on with some text, and what a page has sent to it. */
async function serveCalls(...messages: UIMessage[]) {
  const server = await serveOneFile({
    messages,
    tools,
    execute: ({ writer }) => say(writer, ' On.'),
  });
  const sent = () =>
    server.turns().map(({ messages: about, messageId, trigger }) => ({
      ids: about.map(({ id }) => id),
      states: statesOf(about).flat(),
      messageId,
      trigger,
    }));
  return { server, sent };
}

describe.each(chatVersions)('the tools of createTaskChat with AI SDK $version', (version) => {
  it('goes on by itself once all outputs of client tools are there', async () => {
    const { server, sent } = await serveCalls(
      textMessage('user', 'Go.', 'q'),
      waiting('a', call('one', 'input-available'), call('two', 'input-available')),
    );
    const page = await showChat(version, server);
    await page.rests('Go.', '');
    await page.chat.addToolOutput({ tool: 'ask', toolCallId: 'one', output: 1 });
    expect(sent()).toEqual([]);
    await page.chat.addToolOutput({
      ...{ tool: 'ask', toolCallId: 'two', state: 'output-error', errorText: 'No.' },
    });
    await page.rests('Go.', ' On.');
    expect(sent()).toEqual([
      {
        ids: ['a'],
        states: ['output-available', 'output-error'],
        messageId: 'a',
        trigger: 'submit-message',
      },
    ]);
    await keeps(server, 'Go.', ' On.');
  });

  it('runs a client tool of an answer, and goes on', async () => {
    const server = await serveOneFile({
      tools,
      execute({ writer }, turn) {
        if (turn > 0) return say(writer, 'It is 3.');
        const tool = { toolCallId: 'one', toolName: 'ask' };
        writer.write({ type: 'tool-input-available', ...tool, input: {} });
      },
    });
    const page = await showChat(version, server, {
      onToolCall({ toolCall: { toolCallId } }) {
        void page.chat.addToolOutput({ tool: 'ask', toolCallId, output: 3 });
      },
    });
    await page.chat.sendMessage({ text: 'Go.' });
    await page.rests('Go.', 'It is 3.');
    expect(statesOf(page.state().messages)).toEqual([[], ['output-available']]);
    expect(server.turns()).toHaveLength(2);
    expect(page.finishes).toHaveLength(2);
  });

  it('keeps what was answered and not sent when the chat is loaded again', async () => {
    const { server, sent } = await serveCalls(
      waiting('a', approvalOf('one'), approvalOf('two'), call('three', 'input-available')),
    );
    const page = await showChat(version, server);
    await page.rests('');
    await page.chat.addToolApprovalResponse({ id: 'one', approved: true });
    await page.chat.addToolOutput({ tool: 'ask', toolCallId: 'three', output: 3 });
    server.chats.get('chat')?.unshift(textMessage('user', 'From elsewhere.'));
    await page.chat.reload();
    await page.rests('From elsewhere.', '');
    const states = ['approval-responded', 'approval-requested', 'output-available'];
    expect(statesOf(page.state().messages)[1]).toEqual(states);
    await page.chat.addToolApprovalResponse({ id: 'two', approved: true });
    await page.rests('From elsewhere.', ' On.');
    expect(sent()).toMatchObject([
      { ids: ['a'], states: ['approval-responded', 'approval-responded', 'output-available'] },
    ]);
  });

  it('sends an answer anew whose request has failed', async () => {
    const { server, sent } = await serveCalls(
      textMessage('user', 'Go.', 'q'),
      waiting('a', approvalOf('yes')),
    );
    const page = await showChat(version, server, { reconnect: { maxAttempts: 1 } });
    await page.rests('Go.', '');
    await server.stop();
    await page.chat.addToolApprovalResponse({ id: 'yes', approved: true });
    await page.shows(({ status }) => status === 'error');
    await server.start();
    await page.chat.reload();
    expect(statesOf(page.state().messages)[1]).toEqual(['approval-responded']);
    expect(page.state().status).toBe('error');
    await page.chat.sendMessage();
    await page.rests('Go.', ' On.');
    expect(sent()).toMatchObject([{ ids: ['a'], states: ['approval-responded'] }]);
  });

  it('shows files, sources, reasoning, data and metadata as a route has written them', async () => {
    const held = createDeferred();
    const data: unknown[] = [];
    const server = await serveOneFile({
      async execute({ writer }) {
        writer.write({ type: 'start', messageMetadata: { model: 'small' } });
        writer.write({ type: 'reasoning-start', id: 'r' });
        writer.write({ type: 'reasoning-delta', id: 'r', delta: 'Hm.' });
        writer.write({ type: 'reasoning-end', id: 'r' });
        writer.write({ type: 'source-url', sourceId: 's', url: 'https://a.example', title: 'A' });
        writer.write({ type: 'file', mediaType: 'text/plain', url: 'data:text/plain,hi' });
        writer.write({ type: 'data-weather', id: 'w', data: { degrees: 20 } });
        writer.write({ type: 'data-title', data: 'Weather', transient: true });
        say(writer, 'Warm.');
        await held.promise;
        writer.write({ type: 'data-weather', id: 'w', data: { degrees: 21 } });
        writer.write({ type: 'message-metadata', messageMetadata: { tokens: 3 } });
      },
    });
    const page = await showChat(version, server, { onData: (part) => data.push(part) });
    const file = { type: 'file' as const, mediaType: 'text/plain', url: 'data:text/plain,x' };
    const sent = page.chat.sendMessage({ text: 'Go.', files: [file], metadata: { at: 1 } });
    await until(() => page.texts().includes('Warm.'));
    const reloaded = await showChat(version, server, { onData: (part) => data.push(part) });
    await reloaded.shows(() => reloaded.texts().includes('Warm.'));
    held.resolve();
    await sent;
    await reloaded.rests('Go.', 'Warm.');
    const title = { type: 'data-title', data: 'Weather' };
    expect(data).toEqual(expect.arrayContaining([expect.objectContaining(title)]));
    for (const { messages } of [page.state(), reloaded.state()]) {
      const [question, answer] = messages;
      expect(question).toMatchObject({ metadata: { at: 1 }, parts: [file, { text: 'Go.' }] });
      expect(answer?.metadata).toEqual({ model: 'small', tokens: 3 });
      const kinds = answer?.parts
        .map(({ type }) => type)
        .filter((type) => !/^data-task/.test(type));
      expect(kinds).toEqual(['reasoning', 'source-url', 'file', 'data-weather', 'text']);
      expect(answer?.parts).toEqual(
        expect.arrayContaining([expect.objectContaining({ data: { degrees: 21 } })]),
      );
    }
  });

  it('writes an answer again, and edits a question, in the place of what followed', async () => {
    const server = await serveOneFile({
      execute: ({ writer, messages }, turn) => say(writer, `${turn}: ${textsOf(messages).at(-1)}`),
    });
    const page = await showChat(version, server);
    await page.chat.sendMessage({ text: 'One.' });
    await page.chat.sendMessage({ text: 'Two.' });
    await page.rests('One.', '0: One.', 'Two.', '1: Two.');
    await page.chat.regenerate();
    await page.rests('One.', '0: One.', 'Two.', '2: Two.');
    const [first, answered] = page.state().messages;
    await page.chat.regenerate({ messageId: answered?.id ?? '' });
    await page.rests('One.', '3: One.');
    await page.chat.sendMessage({ text: 'Uno.', messageId: first?.id ?? '' });
    await page.rests('Uno.', '4: Uno.');
    await keeps(server, 'Uno.', '4: Uno.');
  });
});

/** The first version of AI SDK 7 that the package supports takes such answers for the last message. */
const knowEarlier = chatVersions.filter(({ version }) => version !== '7.0.112');

describe.each(knowEarlier)('an earlier message of a chat with AI SDK $version', (version) => {
  it('goes on after an approval, also in a message that is not the last, after a reload', async () => {
    const { server, sent } = await serveCalls(
      textMessage('user', 'Go.', 'q'),
      waiting('a', approvalOf('yes')),
      textMessage('user', 'More.', 'r'),
      textMessage('assistant', 'Fine.', 'b'),
    );
    const page = await showChat(version, server);
    await page.rests('Go.', '', 'More.', 'Fine.');
    await page.chat.addToolApprovalResponse({ id: 'yes', approved: true });
    await page.rests('Go.', ' On.', 'More.', 'Fine.');
    const turn = { ids: ['a'], messageId: 'a', trigger: 'submit-message' };
    expect(sent()).toEqual([{ ...turn, states: ['approval-responded'] }]);
    const again = await showChat(version, server);
    await again.rests('Go.', ' On.', 'More.', 'Fine.');
  });

  it('asks the host where it decides, about the message that was answered', async () => {
    const { server, sent } = await serveCalls(
      waiting('a', approvalOf('yes')),
      textMessage('user', 'More.', 'r'),
    );
    const asked: string[][] = [];
    const page = await showChat(version, server, {
      sendAutomaticallyWhen({ messages }) {
        asked.push(messages.map(({ id }) => id));
        return messages.length === 1 && sent().length === 0;
      },
    });
    await page.rests('', 'More.');
    await page.chat.addToolApprovalResponse({ id: 'yes', approved: false });
    await page.rests(' On.', 'More.');
    expect(asked[0]).toEqual(['a']);
    expect(sent()).toHaveLength(1);
  });
});

it.each(chatVersions)('says so where AI SDK $version takes no such answer', async (version) => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { server } = await serveCalls(
    waiting('a', approvalOf('yes')),
    textMessage('user', 'More.'),
  );
  const page = await showChat(version, server);
  await page.rests('', 'More.');
  await page.chat.addToolApprovalResponse({ id: 'yes', approved: true });
  const isTaken = knowEarlier.includes(version);
  await page.rests(isTaken ? ' On.' : '', 'More.');
  const told = warned.mock.calls.filter(([text]) => /answers to calls/.test(String(text)));
  expect(told).toHaveLength(isTaken ? 0 : 1);
  warned.mockRestore();
});
