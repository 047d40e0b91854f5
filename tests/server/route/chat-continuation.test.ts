// Messages of a chat that go on: with outputs of client tools, and with answers to approvals.
import type { UIMessage } from 'ai';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import {
  assistantMessage,
  createChat,
  createChatStore,
  refusalOf,
  textsOf,
  userMessage,
} from '../../helpers/chat-route';
import { serverVersions } from '../../helpers/server-versions';
import { chunksIn, readWrites, storedChunksIn } from '../../helpers/sse';
import { createId } from '../../helpers/tasks';
import { textChunks } from '../../helpers/text-chunks';

const majors = serverVersions.filter(({ version, major }) => version === major);

type Part = { type: string; state?: string; toolCallId?: string; output?: unknown };

/** The tool calls of a message, by their ids. */
function callsOf(message: UIMessage | undefined): string[] {
  const parts = (message?.parts ?? []) as Part[];
  return parts.flatMap(({ toolCallId, state }) => (toolCallId ? [`${toolCallId} ${state}`] : []));
}

const locate = (fields: object) => ({
  ...{ type: 'tool-locate', toolCallId: 'locate', input: { city: 'Rome' } },
  ...fields,
});
const asksFor = (name: string, fields: object = {}) => ({
  ...{ type: 'tool-remove', toolCallId: name, state: 'approval-requested', input: { name } },
  approval: { id: `approve-${name}` },
  ...fields,
});
const approves = (name: string) =>
  asksFor(name, {
    state: 'approval-responded',
    approval: { id: `approve-${name}`, approved: true },
  });

describe.each(majors)('With AI SDK $major, the first turn of a chat', ({ load }) => {
  it('is told to the host, which may make a title of it that is shown and not kept', async () => {
    const { server } = await load();
    const titles: string[] = [];
    const chat = createChat(
      {
        async onFirstTurn({ messages, writer }) {
          titles.push(`about ${messages.map(({ id }) => id)}`);
          await turns();
          writer.write({ type: 'data-title', data: titles.at(-1), transient: true });
        },
      },
      { create: server.createChatRoute },
    );
    const title = { type: 'data-title', data: 'about q1', transient: true };
    expect(await chat.ask(userMessage('q1'))).toContainEqual(title);
    expect(await chat.ask(userMessage('q2'))).not.toContainEqual(title);
    expect(titles).toEqual(['about q1']);
    expect(JSON.stringify(chat.store.load(chat.chatId))).not.toContain('data-title');
  });
});

describe.each(majors)('With AI SDK $major, a message of a chat', ({ load }) => {
  let loaded: Awaited<ReturnType<typeof load>>;
  beforeAll(async () => {
    loaded = await load();
  });

  /** A chat whose model calls a tool of the page, and answers with what that has found. */
  function createToolChat(options: Parameters<typeof createChat>[0] = {}) {
    const { ai, server } = loaded;
    const tools = {
      locate: ai.tool({ inputSchema: z.object({ city: z.string() }), outputSchema: z.string() }),
      remove: ai.tool({
        inputSchema: z.object({ name: z.string() }),
        execute: async ({ name }) => `removed ${name}`,
      }),
    };
    const asked: UIMessage[][] = [];
    const chat = createChat(
      {
        tools,
        execute({ messages, writer }) {
          asked.push(structuredClone(messages));
          const last = messages.at(-1);
          if (last?.role === 'user') {
            const call = { toolCallId: 'locate', toolName: 'locate', input: { city: 'Rome' } };
            writer.write({ type: 'tool-input-available', ...call });
            return;
          }
          for (const part of (last?.parts ?? []) as Part[]) {
            if (part.state !== 'approval-responded') continue;
            const { toolCallId = '' } = part;
            writer.write({ type: 'tool-output-available', toolCallId, output: 'removed' });
          }
          for (const chunk of textChunks('Done.')) writer.write(chunk);
        },
        ...options,
      },
      { create: server.createChatRoute, store: createChatStore() },
    );
    return { ...chat, asked };
  }

  it('goes on with the output of a tool of the page (R-CHAT-5)', async () => {
    const chat = createToolChat();
    const taskId = createId();
    await chat.ask(userMessage('q1'), { taskId });
    const { messages } = await chat.view();
    expect(callsOf(messages[1])).toEqual(['locate input-available']);

    const output = locate({ state: 'output-available', output: '12 E' });
    const chunks = await chat.ask(assistantMessage(taskId, output));
    // The page has the message already.
    expect(chunks.filter(({ type }) => type === 'start')).toEqual([
      { type: 'start', messageId: taskId },
    ]);
    expect(chunks.some(({ type }) => type === 'tool-input-available')).toBe(false);
    const shown = (await chat.view()).messages;
    expect(textsOf(shown)).toEqual(['q1: q1', `${taskId}: Done.`]);
    expect(callsOf(shown[1])).toEqual(['locate output-available']);
    // What the page has sent is saved before the model is asked.
    const [, , begun] = chat.store.saves;
    expect(callsOf(begun?.messages[1])).toEqual(['locate output-available']);
    expect(begun?.changed.map(({ id }) => id)).toEqual([taskId]);
    expect(callsOf(chat.asked[1]?.at(-1))).toEqual(['locate output-available']);
  });

  it('goes on when its page comes back before the turn before is saved', async () => {
    const { promise: saving, resolve: save } = createDeferred();
    const store = createChatStore();
    const chat = createToolChat({
      load: ({ chatId }) => store.load(chatId),
      async save(options) {
        if (options.messages.at(-1)?.role === 'assistant' && store.saves.length === 1) await saving;
        store.save(options);
      },
    });
    const taskId = createId();
    await chat.ask(userMessage('q1'), { taskId });
    const output = locate({ state: 'output-available', output: '12 E' });
    const asking = chat.ask(assistantMessage(taskId, output));
    await turns(20);
    save();
    expect((await asking).at(-1)).toEqual({ type: 'finish' });
    expect(textsOf((await chat.view()).messages)).toEqual(['q1: q1', `${taskId}: Done.`]);
  });

  const history = [
    userMessage('q1'),
    assistantMessage('a1', asksFor('one'), asksFor('two')),
    userMessage('q2'),
    assistantMessage('a2', { type: 'text', text: 'Two' }),
  ];

  it('goes on after a reload, and where it is not the last one (R-CHAT-5)', async () => {
    const chat = createToolChat();
    chat.store.put(chat.chatId, history);
    await chat.ask(assistantMessage('a1', approves('one'), approves('two')));
    const { messages } = await chat.view();
    expect(messages.map(({ id }) => id)).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(callsOf(messages[1])).toEqual(['one output-available', 'two output-available']);
    expect(textsOf(messages)[1]).toBe('a1: Done.');
    expect(messages.slice(2)).toEqual(history.slice(2));
    // The model is asked with the history up to the message.
    expect(chat.asked.map((asked) => asked.map(({ id }) => id))).toEqual([['q1', 'a1']]);
  });

  it('goes on once, however often its request is made, also when it is long over (R-CHAT-9)', async () => {
    const chat = createToolChat();
    chat.store.put(chat.chatId, history);
    const taskId = createId();
    const answer = assistantMessage('a1', approves('one'), approves('two'));
    const first = await (await chat.post(answer, { taskId })).text();
    await chat.view();
    const again = await (await chat.post(answer, { taskId })).text();
    expect(storedChunksIn(again)).toEqual(storedChunksIn(first));
    expect(chat.asked).toHaveLength(1);
    // Whoever replays it gets what the message had before.
    const replay = chunksIn(await (await chat.follow(`&taskId=${taskId}`)).text());
    expect(replay.filter(({ type }) => type === 'start')).toHaveLength(2);
  });

  it('goes on behind what another turn is doing to it, which is stopped (R-CHAT-10)', async () => {
    const { promise: begun, resolve: begin } = createDeferred();
    let runs = 0;
    const chat = createToolChat({
      async execute({ writer, signal }) {
        if (runs++ > 0) return;
        writer.write({ type: 'tool-output-available', toolCallId: 'one', output: 'removed' });
        begin();
        await aborted(signal);
      },
    });
    chat.store.put(chat.chatId, history);
    const first = readWrites(await chat.post(assistantMessage('a1', approves('one'))));
    await begun;
    const second = await chat.ask(assistantMessage('a1', approves('two')));
    expect(second.at(-1)).toEqual({ type: 'finish' });
    expect(chunksIn(await first.rest()).at(-1)).toMatchObject({ reason: 'superseded' });
    const { messages } = await chat.view();
    expect(callsOf(messages[1])[0]).toBe('one output-available');
    expect(callsOf(messages[1])[1]).toMatch(/^two (approval-responded|output-error)$/);
  });

  it('fails where another turn has gone on with it at the same time, and is not overwritten (R-CHAT-10)', async () => {
    const { promise: both, resolve: go } = createDeferred();
    let loads = 0;
    const chat = createToolChat({
      async load({ chatId }) {
        const stored = chat.store.load(chatId);
        if (++loads === 2) go();
        // Both requests find the message as it was.
        if (loads <= 2) await both;
        return stored as never;
      },
    });
    chat.store.put(chat.chatId, history);
    const answers = [
      chat.post(assistantMessage('a1', approves('one'))),
      chat.post(assistantMessage('a1', approves('two'))),
    ];
    const texts = await Promise.all(answers.map(async (response) => (await response).text()));
    const ends = texts.map((text) => {
      const chunks = chunksIn(text) as {
        type: string;
        data?: { status: string; error?: object };
      }[];
      return chunks.find(({ type }) => type === 'data-task-settle')?.data;
    });
    expect(ends.map((end) => end?.status).sort()).toEqual(['cancelled', 'failed']);
    expect(ends.find((end) => end?.status === 'failed')?.error).toMatchObject({
      code: 'chat-busy',
      retryable: true,
    });
    await until(async () => (await chat.view()).activeTask === null);
    const { messages } = await chat.view();
    // One of both answers was taken, and nothing of the message was lost.
    const states = callsOf(messages[1]);
    expect(states.filter((state) => state.endsWith('approval-requested'))).toHaveLength(1);
  });

  it('does not go on where a tool has changed so that its output does not fit (R-CHAT-3)', async () => {
    const { ai } = loaded;
    const tools = { locate: ai.tool({ inputSchema: z.object({ place: z.string() }) }) };
    const chat = createToolChat({ tools: tools as never });
    const stored = [
      userMessage('q1'),
      assistantMessage('a1', locate({ state: 'input-available' })),
    ];
    chat.store.put(chat.chatId, stored);
    const output = locate({ state: 'output-available', output: '12 E' });
    const refused = await chat.post(assistantMessage('a1', output));
    expect(await refusalOf(refused)).toEqual({ status: 400, code: 'invalid-message' });
    expect(chat.store.saves).toEqual([]);
    // A new question is answered all the same.
    const chunks = await chat.ask(userMessage('q2'));
    expect(chunks.at(-1)).toEqual({ type: 'finish' });
    expect((await chat.view()).messages.slice(0, 2)).toEqual(stored);
  });
});
