// Turns of a chat that are attempted again, and processes that take leave of a chat.
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { UIMessage } from 'ai';
import { TaskError } from 'ai-task-stream';
import { createChatRoute, superviseOnce, toNodeHandler } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aborted, createDeferred, until } from '../../helpers/async';
import { openWork } from '../../helpers/attempted-task';
import {
  createChat,
  createChatStore,
  refusalOf,
  textsOf,
  userMessage,
} from '../../helpers/chat-route';
import { withHttp2Session } from '../../helpers/http2-session';
import { readWrites } from '../../helpers/sse';
import { createId } from '../../helpers/tasks';
import { textChunks } from '../../helpers/text-chunks';

const away = new TaskError({ code: 'model-away', message: 'Later.', retryable: true });

describe('A turn of a chat that is attempted again', () => {
  it('goes on from its checkpoint, and is saved once, as if nothing had happened (R-CHAT-4, R-CHAT-5)', async () => {
    const seen: unknown[] = [];
    const chat = createChat({
      retry: { backoffMs: 0 },
      async execute({ messages, task, writer }) {
        seen.push({
          attempt: task.attempt,
          messages: messages.map(({ id }) => id),
          soFar: task.messageSoFar && textsOf([task.messageSoFar]),
        });
        for (let page = Number(task.lastCheckpoint ?? 0); page < 3; page++) {
          for (const chunk of textChunks(`page ${page}. `, `page-${page}`)) writer.write(chunk);
          if (page === 1 && task.attempt === 1) throw away;
          await task.checkpoint(page + 1);
        }
      },
    });
    const taskId = createId();
    const response = await chat.post(userMessage('q1'), { taskId });
    await response.text();
    await until(async () => (await chat.view()).activeTask === null);
    const { messages } = await chat.view();
    expect(textsOf(messages)).toEqual(['q1: q1', `${taskId}: page 0. page 1. page 2. `]);
    expect(seen).toEqual([
      { attempt: 1, messages: ['q1'], soFar: undefined },
      { attempt: 2, messages: ['q1'], soFar: [`${taskId}: page 0. `] },
    ]);
    expect(chat.store.saves.map(({ messages: saved }) => saved.length)).toEqual([1, 2]);
  });

  it('is told of the chat as it is stored then', async () => {
    const store = createChatStore();
    const asked: string[][] = [];
    const chat = createChat(
      {
        retry: { backoffMs: 0 },
        execute({ messages, task, writer }) {
          asked.push(textsOf(messages));
          if (task.attempt === 1) {
            const edited: UIMessage[] = [
              userMessage('q0', 'Corrected'),
              ...store.load(chat.chatId).slice(1),
            ];
            store.put(chat.chatId, edited);
            throw away;
          }
          for (const chunk of textChunks('Well.')) writer.write(chunk);
        },
      },
      { store },
    );
    store.put(chat.chatId, [userMessage('q0')]);
    const taskId = createId();
    await (await chat.post(userMessage('q1'), { taskId })).text();
    await until(async () => (await chat.view()).activeTask === null);
    expect(asked).toEqual([
      ['q0: q0', 'q1: q1'],
      ['q0: Corrected', 'q1: q1'],
    ]);
    expect(textsOf((await chat.view()).messages)).toEqual([
      'q0: Corrected',
      'q1: q1',
      `${taskId}: Well.`,
    ]);
  });

  it('waits for a chat whose store is away, as often as it may', async () => {
    const store = createChatStore();
    let loads = 0;
    const chat = createChat(
      {
        retry: { backoffMs: 0 },
        load({ chatId }) {
          // The request finds it, and the first attempt does not.
          if (++loads === 2) throw new Error('The database is away.');
          return store.load(chatId);
        },
      },
      { store },
    );
    const taskId = createId();
    await (await chat.post(userMessage('q1'), { taskId })).text();
    await until(async () => (await chat.view()).activeTask === null);
    expect(textsOf((await chat.view()).messages)).toEqual(['q1: q1', `${taskId}: answer to q1`]);
  });
});

describe('A turn of a chat that waits', () => {
  /** A chat with a turn that its process has handed over. */
  async function createWaiting() {
    const runs: string[] = [];
    const chat = createChat({
      ...{ retry: {}, heartbeatMs: 20 },
      execute({ messages, task, writer }) {
        runs.push(`${task.attempt} ${messages.map(({ id }) => id)}`);
        for (const chunk of textChunks('Well.')) writer.write(chunk);
      },
    });
    const { chatId, streamContext } = chat;
    const taskId = createId();
    const message = userMessage('q1');
    const turn = { chatId, trigger: 'submit-message', message, afterId: 'q1', isNew: true };
    const input = JSON.stringify({ turn: { ...turn, answerId: taskId } });
    const opening = { definition: 'chat', chatId, savesOutcome: true, work: { input } };
    const kept = JSON.stringify({ turn: JSON.parse(input) });
    const log = await openWork(streamContext, taskId, { ...opening, continued: kept });
    await log.handOver?.();
    return { ...chat, runs, taskId };
  }

  it('is taken up by a page that follows its chat, and saved with its question (R-CHAT-6)', async () => {
    const chat = await createWaiting();
    expect((await chat.view()).activeTask).toBe(chat.taskId);
    await until(async () => {
      await (await chat.follow()).text();
      return (await chat.view()).activeTask === null;
    });
    expect(chat.runs).toEqual(['2 q1']);
    expect(textsOf((await chat.view()).messages)).toEqual(['q1: q1', `${chat.taskId}: Well.`]);
  });

  it('is not taken up by what only looks at it', async () => {
    const looks: [headers: Record<string, string>, method?: string][] = [
      [{}, 'HEAD'],
      [{ 'sec-fetch-mode': 'navigate' }],
      [{ 'sec-purpose': 'prefetch' }],
      [{ accept: 'application/json' }],
    ];
    const asked = looks.map(async ([headers, method = 'GET']) => {
      const { follow, runs, stop } = await createWaiting();
      const { status, body } = await follow('', { headers, method });
      const reader = body?.getReader();
      await reader?.read();
      await new Promise((resolve) => setTimeout(resolve, 400));
      await reader?.cancel();
      await stop();
      return [status, runs.length];
    });
    expect(await Promise.all(asked)).toEqual(looks.map(() => [200, 0]));
  });
});

describe('A process that serves a chat', () => {
  it('starts no turn once it drains, and saves what is not over as far as it came', async () => {
    const chat = createChat({
      async execute({ writer, signal }) {
        for (const chunk of textChunks('Half')) writer.write(chunk);
        await aborted(signal);
        signal.throwIfAborted();
      },
    });
    const taskId = createId();
    const page = readWrites(await chat.post(userMessage('q1'), { taskId }));
    await page.until('Half');
    await chat.streamContext.drain?.({ timeoutMs: 400 });
    const refused = await chat.post(userMessage('q2'));
    expect(await refusalOf(refused)).toEqual({ status: 503, code: 'context-unavailable' });
    expect(textsOf(chat.store.load(chat.chatId))).toEqual(['q1: q1', `${taskId}: Half`]);
  });

  it('may look after the turns of chats that nobody follows', async () => {
    const { promise: held, resolve: go } = createDeferred();
    let isAway = true;
    const store = createChatStore();
    const chat = createChat(
      {
        heartbeatMs: 20,
        async execute({ writer }) {
          await held;
          for (const chunk of textChunks('Well.')) writer.write(chunk);
        },
        save(saving) {
          if (isAway && saving.messages.length > 1) throw new Error('The disk is full.');
          store.save(saving);
        },
      },
      { store },
    );
    const taskId = createId();
    const response = await chat.post(userMessage('q1'), { taskId });
    go();
    await response.text();
    await until(() => chat.errors.length === 1);
    isAway = false;
    const { streamContext, route } = chat;
    // The supervisor looks at what is due: a lease after it was opened.
    await until(async () => {
      await superviseOnce({ streamContext, tasks: [route.task] });
      return store.load(chat.chatId).length === 2;
    });
    expect(store.saves.at(-1)?.isRecovered).toBe(true);
    expect(textsOf(store.load(chat.chatId))).toEqual(['q1: q1', `${taskId}: Well.`]);
  });

  it('has no other methods than those of its handlers, whatever a client sends', async () => {
    const { route, errors } = createChat();
    const server = createServer(toNodeHandler(route));
    await withHttp2Session(server, async (session) => {
      for (const method of ['task', 'PUT']) {
        const stream = session.request({ ':method': method, ':path': '/?chatId=c' });
        const [headers] = await once(stream, 'response');
        expect(headers[':status']).toBe(405);
        stream.close();
      }
    });
    expect(errors).toEqual([]);
  });

  it('tells its chats apart by their names', () => {
    const { streamContext } = createChat();
    const other = (name?: string) =>
      createChatRoute({
        ...{ streamContext, owner: 'public' as const, load: () => [], save() {} },
        ...(name !== undefined && { name }),
        execute: () => 'another chat',
      });
    expect(() => other()).toThrow(/two different definitions/);
    expect(() => other('support')).not.toThrow();
  });

  it('is told what a chat needs', () => {
    const whole = { owner: 'public' as const, load: () => [], save() {}, execute() {} };
    const without = (name: string, value?: unknown) => () =>
      createChatRoute({ ...whole, [name]: value } as typeof whole);
    expect(without('owner')).toThrow(/needs an `owner`/);
    expect(without('owner', '')).toThrow(/needs an `owner`/);
    expect(without('load')).toThrow(/needs `load`/);
    expect(without('save')).toThrow(/needs `save`/);
    expect(without('execute')).toThrow(/needs `execute`/);
    expect(without('whenBusy', 'queue')).toThrow(/`whenBusy`/);
    expect(without('authorize', 7)).toThrow(/`authorize`/);
    expect(without('maxRunMs', 1_000)).toThrow(/needs `retry`/);
  });
});
