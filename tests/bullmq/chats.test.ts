// Chats whose turns workers run, while another process serves their pages.
import { tool, type UIMessage, type UIMessageChunk } from 'ai';
import type { ChatExecuteOptions } from 'ai-task-stream/server';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDeferred, until } from '../helpers/async';
import {
  assistantMessage,
  type ChatPage,
  createChat,
  createChatStore,
  openPage,
  refusalOf,
  textsOf,
  userMessage,
} from '../helpers/chat-route';
import { createHeldChats, heldChatId } from '../helpers/held-chats';
import { answerInHalves } from '../helpers/one-file-chat';
import { setUpOwnServers } from '../helpers/own-redis';
import { connectAdmin } from '../helpers/redis-admin';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createRedisTexts } from '../helpers/redis-texts';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';
import { createId } from '../helpers/tasks';
import { textChunks } from '../helpers/text-chunks';
import { setUpQueues } from './queues';

// Registered first, so that the queues are closed before their servers stop.
const { startServer } = setUpOwnServers();
const queues = setUpQueues();
let processes: TaskProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  processes = [];
});

const choose = tool({
  description: 'Lets the person choose.',
  inputSchema: z.object({}),
  outputSchema: z.string(),
});

type Execute = (options: ChatExecuteOptions) => unknown;

/** The chat of one process, and its queue. */
function openChat({
  execute,
  store,
  ...where
}: {
  execute: Execute;
  store: ReturnType<typeof createChatStore>;
  name?: string;
  keyPrefix?: string;
  queueUrl?: string;
  commandTimeoutMs?: number;
}) {
  const { queueUrl = sharedRedisUrl(), keyPrefix, commandTimeoutMs } = where;
  const url = sharedRedisUrl();
  const instance = queues.instances.open({ url, ...(keyPrefix && { keyPrefix }) });
  const { name = instance.keyPrefix } = where;
  const { context: streamContext } = instance;
  const settings = { heartbeatMs: 500, tools: { choose }, execute };
  const { route: chat } = createChat(settings, { store, streamContext });
  const { queue } = queues.open({
    ...{ tasks: [chat.task], streamContext, connection: { url: queueUrl } },
    ...(commandTimeoutMs && { commandTimeoutMs }),
    name,
  });
  return { ...instance, name, chat, queue };
}

/** A process that serves the pages of a chat, and one whose worker answers. */
function serve(execute: Execute, options: { queueUrl?: string; commandTimeoutMs?: number } = {}) {
  const store = createChatStore();
  const web = openChat({
    ...{ store, ...options },
    execute() {
      throw new Error('A process with pages must not answer.');
    },
  });
  const { name, keyPrefix } = web;
  const back = openChat({ store, execute, name, keyPrefix, ...options });
  const page = openPage(web.chat.withQueue(web.queue));
  return { ...web, store, page, work: () => back.queue.work({ heartbeatMs: 500 }) };
}

const isOver = async (page: ChatPage) => (await page.view()).activeTask === null;

/** How a turn has ended, as its page is told. */
function outcomeIn(chunks: readonly UIMessageChunk[]): unknown {
  const settlement = chunks.find(({ type }) => type === 'data-task-settle');
  return (settlement as { data?: { status?: unknown } } | undefined)?.data?.status;
}

/** A gate for each turn, by its question. */
function gates() {
  const all = new Map<string, ReturnType<typeof createDeferred<void>>>();
  const gateOf = (question: string) => {
    const gate = all.get(question) ?? createDeferred<void>();
    all.set(question, gate);
    return gate;
  };
  const execute: Execute = ({ messages, writer, signal }) =>
    answerInHalves({ writer, signal }, gateOf(messages.at(-1)?.id ?? '').promise);
  return { execute, open: (question: string) => gateOf(question).resolve() };
}

describe('A chat with a queue', () => {
  it('is answered by a worker, and saved and followed as without one (R-CHAT-14)', async () => {
    const { execute, open } = gates();
    const { page, store, work, chat } = serve(execute);
    work();
    const taskId = createId();
    open('q1');
    const chunks = await page.ask(userMessage('q1'), { taskId });
    expect(outcomeIn(chunks)).toBe('completed');
    await until(() => isOver(page));
    expect(textsOf(store.load(page.chatId))).toEqual(['q1: q1', `${taskId}: Half. Whole.`]);
    expect(store.saves.map(({ isRecovered }) => isRecovered)).toEqual([false, false]);
    // The same request once more is not another turn.
    const again = await page.post(userMessage('q1'), { taskId });
    expect(await again.text()).toContain('Half.');
    expect(store.saves).toHaveLength(2);
    // Without the queue its process would run the turn itself.
    const own = await openPage(chat).ask(userMessage('q1'));
    expect(outcomeIn(own)).toBe('failed');
  });

  it('has its turns saved in their order when one supersedes the other (R-CHAT-4, R-CHAT-14)', async () => {
    const { execute, open } = gates();
    const { page, store, work } = serve(execute);
    work();
    const [first, second] = [createId(), createId()];
    const asking = page.ask(userMessage('q1'), { taskId: first });
    await until(() => store.saves.length === 1);
    open('q2');
    await page.ask(userMessage('q2'), { taskId: second });
    await asking;
    await until(() => isOver(page));
    const messages = store.load(page.chatId);
    expect(messages.map(({ id }) => id)).toEqual(['q1', first, 'q2', second]);
    expect(textsOf(messages).at(-1)).toBe(`${second}: Half. Whole.`);
    const revisions = store.saves.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(4);
  });

  it('loses no question that was stopped, or followed by another, before a worker came (R-CHAT-6, R-CHAT-14)', async () => {
    const { execute, open } = gates();
    const { page, store, work } = serve(execute);
    const [first, second, third] = [createId(), createId(), createId()];
    const stopped = page.ask(userMessage('q1'), { taskId: first });
    await until(async () => (await page.view()).activeTask === first);
    expect(await (await page.stop()).json()).toEqual({ cancelled: true });
    expect(outcomeIn(await stopped)).toBe('cancelled');
    await until(() => isOver(page));
    expect(textsOf(store.load(page.chatId))).toEqual(['q1: q1', `${first}: `]);
    const superseded = page.ask(userMessage('q2'), { taskId: second });
    await until(async () => (await page.view()).activeTask === second);
    const answered = page.ask(userMessage('q3'), { taskId: third });
    await superseded;
    open('q3');
    work();
    await answered;
    await until(() => isOver(page));
    expect(textsOf(store.load(page.chatId))).toEqual([
      ...['q1: q1', `${first}: `, 'q2: q2', `${second}: `],
      ...['q3: q3', `${third}: Half. Whole.`],
    ]);
  });

  it('keeps what a worker has answered when it is stopped (R-CHAT-13)', async () => {
    const { execute } = gates();
    const { page, store, work } = serve(execute);
    work();
    const taskId = createId();
    const response = await page.post(userMessage('q1'), { taskId });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('Half.')) text += (await reader.read()).value;
    await reader.cancel();
    expect(await (await page.stop()).json()).toEqual({ cancelled: true });
    await until(() => isOver(page));
    expect(textsOf(store.load(page.chatId))).toEqual(['q1: q1', `${taskId}: Half.`]);
  });

  it('goes on with a message once a client tool has its output', async () => {
    const { page, store, work } = serve(({ messages, writer, trigger }) => {
      const [part] = messages.at(-1)?.parts.filter(({ type }) => type === 'tool-choose') ?? [];
      if (part === undefined) {
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'c',
          toolName: 'choose',
          input: {},
        });
        return;
      }
      const { output } = part as { output?: string };
      for (const chunk of textChunks(`${trigger}: ${output}`)) writer.write(chunk);
    });
    work();
    const taskId = createId();
    await page.ask(userMessage('q1'), { taskId });
    await until(() => isOver(page));
    const [, asked] = store.load(page.chatId) as [UIMessage, UIMessage];
    expect(asked.parts).toContainEqual(expect.objectContaining({ state: 'input-available' }));
    const parts = asked.parts.map((part) =>
      part.type === 'tool-choose' ? { ...part, state: 'output-available', output: 'left' } : part,
    );
    await page.ask(assistantMessage(asked.id, ...parts));
    await until(() => isOver(page));
    const messages = store.load(page.chatId);
    expect(messages.map(({ id }) => id)).toEqual(['q1', asked.id]);
    expect(textsOf(messages)[1]).toBe(`${asked.id}: submit-message: left`);
  });

  it('is refused while its queue is away, and nothing of the turn is there (R-CHAT-14)', async () => {
    const server = await startServer();
    const { execute, open } = gates();
    open('q1');
    const { page, store, work } = serve(execute, { queueUrl: server.url, commandTimeoutMs: 1_000 });
    await server.kill();
    const taskId = createId();
    expect(await refusalOf(await page.post(userMessage('q1'), { taskId }))).toEqual({
      status: 503,
      code: 'context-unavailable',
    });
    expect(await page.view()).toEqual({ messages: [], activeTask: null });
    expect(store.saves).toEqual([]);
    await server.restart();
    await until(async () => {
      const response = await page.post(userMessage('q1'), { taskId });
      if (response.status === 200) await response.body?.cancel();
      return response.status === 200;
    });
    work();
    await until(() => isOver(page));
    expect(textsOf(store.load(page.chatId))).toEqual(['q1: q1', `${taskId}: Half. Whole.`]);
  });

  it('is refused at once where no worker of the queue would answer it', () => {
    const { chat, context, name } = openChat({ execute() {}, store: createChatStore() });
    const { queue } = queues.open({ tasks: [], streamContext: context, name });
    expect(() => chat.withQueue(queue)).toThrow('No worker of');
  });

  it('goes on in another worker when its own is killed, each message once and in order (R-CHAT-6)', async () => {
    const url = sharedRedisUrl();
    const admin = await connectAdmin(url);
    try {
      const { context, keyPrefix } = queues.instances.open({ url });
      const store = createRedisTexts(admin, keyPrefix);
      const chats = createHeldChats({ streamContext: context, store, heartbeatMs: 300 });
      const name = keyPrefix;
      const { queue } = queues.open({ tasks: [chats.again.task], streamContext: context, name });
      const env = { HELD_REDIS_URL: url, HELD_KEY_PREFIX: keyPrefix };
      const doomed = await spawnTaskProcess('chat-worker', { env });
      processes.push(doomed);
      const points = [
        'begins to answer',
        'has answered half',
        'has answered',
        'saves the answer',
      ] as const;
      const turns = points.map((point) => ({ chatId: heldChatId(point), taskId: createId() }));
      const route = chats.again.withQueue(queue);
      const asking = turns.map(({ chatId, taskId }) =>
        openPage(route, { chatId }).ask(userMessage('q1'), { taskId }),
      );
      for (const _turn of turns) expect(await doomed.next()).toMatchObject({ held: /^held-/ });
      await doomed.kill();
      queue.work({ heartbeatMs: 300, concurrency: 10 });
      await Promise.all(asking);
      for (const { chatId, taskId } of turns) {
        const page = openPage(route, { chatId });
        await until(() => isOver(page));
        const { messages } = await page.view();
        expect(textsOf(messages)).toEqual(['q1: q1', `${taskId}: the answer`]);
      }
    } finally {
      admin.close();
    }
  });
});
