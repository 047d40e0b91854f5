import type { UIMessage, UIMessageChunk } from 'ai';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StreamTaskOptions, TaskSettleEvent } from '../../../src/server';
import { until } from '../../helpers/async';
import { namedParts } from '../../helpers/message-parts';
import { readMessages, type ServerVersion, serverVersions } from '../../helpers/server-versions';
import { createId, createOwnContext } from '../../helpers/tasks';

const user: UIMessage = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go.' }] };

/** With a field that the AI SDK does not know, as a host may keep it. */
function assistantMessage(parts: UIMessage['parts']): UIMessage {
  const message = { metadata: { model: 'small', tags: ['a'] }, createdAt: 1767225600000 };
  return { ...message, id: 'a1', role: 'assistant', parts: [{ type: 'step-start' }, ...parts] };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

const answer: readonly UIMessageChunk[] = [
  { type: 'start-step' },
  { type: 'message-metadata', messageMetadata: { tokens: 3 } },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'And ' },
  { type: 'text-delta', id: 't', delta: 'more.' },
  { type: 'text-end', id: 't' },
  { type: 'finish-step' },
];

describe.each(serverVersions)('the saved message, in AI SDK $version', ({ major, load }) => {
  let versions: Awaited<ReturnType<ServerVersion['load']>>;

  beforeAll(async () => {
    versions = await load();
  });

  /** Runs a task to its end: what was saved, what the page was sent, and what went wrong. */
  const run = async (options: Partial<StreamTaskOptions<undefined, unknown, never, unknown>>) => {
    const { ai, server } = versions;
    const settled: TaskSettleEvent<unknown>[] = [];
    const reported: unknown[] = [];
    const task = server.streamTask({
      taskId: createId(),
      streamContext: createOwnContext(),
      chatId: 'chat',
      onSettle: (event) => void settled.push(event),
      onError: (error) => void reported.push(error),
      execute: ({ writer }) => {
        for (const chunk of answer) writer.write(chunk);
      },
      ...options,
    });
    const { body } = await task.toResponse();
    const chunks: UIMessageChunk[] = [];
    const parsed = ai.parseJsonEventStream({
      stream: body as ReadableStream<Uint8Array>,
      schema: ai.uiMessageChunkSchema as never,
    }) as unknown as AsyncIterable<{ value: UIMessageChunk }>;
    for await (const { value } of parsed) chunks.push(value);
    await until(() => settled.length > 0);
    const { message, messages, status } = settled[0] ?? {};
    return { message, messages, status, chunks, reported, taskId: task.taskId };
  };

  const parts = namedParts.filter((named) => (named.major ?? major) === major);

  it.each(parts)(
    'has what the original one had, byte for byte (R-HISTORY-3): $name',
    async ({ part }) => {
      const { ai } = versions;
      const original = assistantMessage([part]);
      const before = JSON.stringify(original);
      await ai.validateUIMessages({ messages: structuredClone([user, original]) });
      const { message, messages, reported } = await run({
        originalMessages: deepFreeze([user, original]),
      });
      expect(reported).toEqual([]);
      expect(JSON.stringify(original)).toBe(before);
      expect(JSON.stringify(message?.parts.slice(0, 2))).toBe(JSON.stringify(original.parts));
      expect(message).toMatchObject({
        id: 'a1',
        createdAt: 1767225600000,
        metadata: { model: 'small', tags: ['a'], tokens: 3 },
      });
      expect(message?.parts.at(-2)).toMatchObject({ type: 'text', text: 'And more.' });
      expect(messages?.[0]).toBe(user);
      expect(messages?.[1]).toBe(message);
      await ai.validateUIMessages({ messages: JSON.parse(JSON.stringify(messages)) });
    },
  );

  /** What a task may do next to a call that it goes on with. */
  const continuations: readonly { from: string; chunks: UIMessageChunk[] }[] = [
    {
      from: 'tool, approval-responded, approved',
      chunks: [{ type: 'tool-output-available', toolCallId: 'call', output: { degrees: 9 } }],
    },
    {
      from: 'dynamic tool, approval-responded, approved',
      chunks: [
        { type: 'tool-output-available', toolCallId: 'call', output: 1, preliminary: true },
        { type: 'tool-output-error', toolCallId: 'call', errorText: 'No.', dynamic: true },
      ],
    },
    {
      from: 'tool, approval-responded, denied',
      chunks: [{ type: 'tool-output-denied', toolCallId: 'call' }],
    },
    {
      from: 'dynamic tool, approval-responded, denied',
      chunks: [{ type: 'tool-output-denied', toolCallId: 'call' }],
    },
    {
      from: 'tool, input-available',
      chunks: [{ type: 'tool-output-available', toolCallId: 'call', output: 'That one.' }],
    },
    {
      from: 'tool, input-streaming',
      chunks: [
        {
          type: 'tool-input-available',
          toolCallId: 'call',
          toolName: 'weather',
          input: { city: 'Ulm' },
        },
        { type: 'tool-output-available', toolCallId: 'call', output: 'Rain.' },
      ],
    },
    { from: 'data', chunks: [{ type: 'data-note', id: 'n', data: { text: 'newer' } }] },
  ];

  it.each(continuations)('is what the page has, and valid, after $from', async (next) => {
    const { ai } = versions;
    const part = namedParts.find(({ name }) => name === next.from)?.part;
    const original = assistantMessage(part ? [part] : []);
    const { message, messages, chunks, reported } = await run({
      originalMessages: [user, original],
      execute: ({ writer }) => {
        for (const chunk of next.chunks) writer.write(chunk);
      },
    });
    expect(reported).toEqual([]);
    const page = (await readMessages(ai, chunks, structuredClone(original))).at(-1);
    expect(JSON.stringify(message)).toBe(JSON.stringify(page));
    await ai.validateUIMessages({ messages: JSON.parse(JSON.stringify(messages)) });
  });

  it('is called on the page as it is saved, also when nobody has named it (R-ORDER-1)', async () => {
    const { ai } = versions;
    for (const options of [{}, { originalMessages: [user] }, { messageId: 'named' }]) {
      const { message, messages, chunks, taskId } = await run(options);
      const page = (await readMessages(ai, chunks)).at(-1);
      expect(page?.id).toBe('messageId' in options ? 'named' : taskId);
      expect(JSON.stringify(message)).toBe(JSON.stringify(page));
      expect(messages).toEqual('originalMessages' in options ? [user, message] : [message]);
    }
  });

  it('is told of once when a merged stream calls it otherwise, and keeps its name', async () => {
    const { ai } = versions;
    const inner = () =>
      ai.createUIMessageStream({
        originalMessages: [user],
        generateId: () => 'inner',
        execute: ({ writer }) => writer.write({ type: 'start' }),
      });
    const { message, chunks, reported } = await run({
      messageId: 'outer',
      execute: ({ writer }) => {
        writer.write({ type: 'start', messageId: 'outer' });
        writer.merge(inner());
        writer.merge(inner());
      },
    });
    expect(reported).toMatchObject([
      { code: 'message-id-ignored', details: { messageId: 'outer', ignored: 'inner' } },
    ]);
    expect(String(reported[0])).toContain('`messageId`');
    expect(chunks[0]).toEqual({ type: 'start', messageId: 'outer' });
    expect(message?.id).toBe('outer');
  });

  it('is left out, and the host told why, when the AI SDK refuses what was written', async () => {
    const { message, messages, status, reported } = await run({
      execute: ({ writer }) => writer.write({ type: 'text-delta', id: 'nowhere', delta: 'x' }),
    });
    expect(status).toBe('completed');
    expect(message).toBeUndefined();
    expect(messages).toBeUndefined();
    expect(reported).toMatchObject([{ code: 'message-unavailable' }]);
    expect(String((reported[0] as Error).cause)).toContain('nowhere');
  });

  it('has what was written, though the host changes the objects afterwards', async () => {
    const data = { pages: [1] };
    const { message } = await run({
      execute: ({ writer }) => {
        const delta: UIMessageChunk = { type: 'text-delta', id: 't', delta: 'a' };
        writer.write({ type: 'text-start', id: 't' });
        writer.write(delta);
        delta.delta = 'b';
        writer.write(delta);
        writer.write({ type: 'data-pages', data });
        data.pages.push(2);
        writer.write({ type: 'data-pages', data });
        data.pages.push(3);
      },
    });
    expect(message?.parts).toMatchObject([
      { type: 'data-task' },
      { type: 'text', text: 'ab' },
      { type: 'data-pages', data: { pages: [1] } },
      { type: 'data-pages', data: { pages: [1, 2] } },
      { type: 'data-task-settle' },
    ]);
  });

  it('does not depend on what the host does with its array of messages', async () => {
    const originalMessages = [user];
    const { messages } = await run({
      originalMessages,
      execute: () => {
        originalMessages.push({ id: 'x', role: 'assistant', parts: [] });
      },
    });
    expect(messages?.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(messages?.[0]).toBe(user);
  });
});
