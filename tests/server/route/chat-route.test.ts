// The turns of a chat in one file: what is saved, when, and what pages get meanwhile.
import type { UIMessage } from 'ai';
import type { TaskSettleEvent } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aborted, createDeferred, type Deferred, turns, until } from '../../helpers/async';
import {
  assistantMessage,
  createChat,
  createChatStore,
  openPage,
  refusalOf,
  textsOf,
  userMessage,
} from '../../helpers/chat-route';
import { chunksIn, readWrites } from '../../helpers/sse';
import { createId } from '../../helpers/tasks';
import { textChunks } from '../../helpers/text-chunks';

describe('A turn of a chat', () => {
  it('saves the question before the model is asked, and the answer behind it (R-CHAT-4)', async () => {
    const order: string[] = [];
    const store = createChatStore();
    const chat = createChat(
      {
        save(saving) {
          order.push(`save ${saving.messages.map(({ id }) => id)}`);
          store.save(saving);
        },
        execute({ messages, chatId, owner, trigger, writer }) {
          order.push(`execute ${messages.map(({ id }) => id)} ${trigger} ${owner}`);
          expect(chatId).toBe(chat.chatId);
          for (const chunk of textChunks('Hello')) writer.write(chunk);
        },
      },
      { store },
    );
    const taskId = createId();
    const chunks = await chat.ask(userMessage('q1'), { taskId });
    expect(chunks[0]).toEqual({ type: 'start', messageId: taskId });
    const { messages, activeTask } = await chat.view();
    expect(textsOf(messages)).toEqual(['q1: q1', `${taskId}: Hello`]);
    expect(activeTask).toBeNull();
    expect(chat.errors).toEqual([]);
    expect(order).toEqual(['save q1', 'execute q1 submit-message undefined', `save q1,${taskId}`]);
  });

  it('tells a store with a row for each message what to write, and numbers what it says (R-CHAT-8)', async () => {
    const { ask, view, store } = createChat();
    await ask(userMessage('q1'), { taskId: 'first-turn-0123456789' });
    await view();
    await ask(userMessage('q2'), { taskId: 'second-turn-0123456789' });
    await view();
    expect(
      store.saves.map(({ messages, changed, removed }) => ({
        changed: changed.map((message) => `${messages.indexOf(message)} ${message.id}`),
        removed,
      })),
    ).toEqual([
      { changed: ['0 q1'], removed: [] },
      { changed: ['1 first-turn-0123456789'], removed: [] },
      { changed: ['2 q2'], removed: [] },
      { changed: ['3 second-turn-0123456789'], removed: [] },
    ]);
    const revisions = store.saves.map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
    expect(revisions.map((revision) => revision % 2)).toEqual([0, 1, 0, 1]);
  });

  it('gives its answer the id that the host makes', async () => {
    const { ask, view } = createChat({ generateId: () => 'answer' });
    const [start] = await ask(userMessage('q1'));
    expect(start).toEqual({ type: 'start', messageId: 'answer' });
    expect((await view()).messages.map(({ id }) => id)).toEqual(['q1', 'answer']);
  });

  it('hands what else the body has to the work, as its schema makes it', async () => {
    const bodies: unknown[] = [];
    const chat = createChat({
      body: z.object({ at: z.coerce.date() }),
      execute({ body }) {
        bodies.push(body);
      },
    });
    await chat.ask(userMessage('q1'), { at: '2026-01-01T00:00:00.000Z' });
    expect(bodies).toEqual([{ at: new Date('2026-01-01') }]);
  });

  it('gives the model messages that the host prepares, and stores what was said', async () => {
    const chat = createChat({
      prepareMessages: ({ messages }) => messages.slice(-1) as never,
      execute({ messages, writer }) {
        for (const chunk of textChunks(`${messages.length}`)) writer.write(chunk);
      },
    });
    await chat.ask(userMessage('q1'), { taskId: 'first-turn-0123456789' });
    await chat.ask(userMessage('q2'), { taskId: 'second-turn-0123456789' });
    expect(textsOf((await chat.view()).messages)).toEqual([
      'q1: q1',
      'first-turn-0123456789: 1',
      'q2: q2',
      'second-turn-0123456789: 1',
    ]);
  });

  it('is not saved over what was saved of it before its process was lost (R-CHAT-7)', async () => {
    let isFirst = true;
    const chat = createChat({
      onSettle() {
        if (isFirst) throw new Error('The process ends behind the saving.');
      },
    });
    await chat.ask(userMessage('q1'), { taskId: 'first-turn-0123456789' });
    await until(() => chat.errors.length === 1);
    const rated = chat.store.load(chat.chatId);
    chat.store.put(
      chat.chatId,
      rated.map((message) => ({ ...message, metadata: { rating: 5 } })),
    );
    isFirst = false;
    const { messages } = await chat.view();
    expect(messages.map(({ metadata }) => metadata)).toEqual([{ rating: 5 }, { rating: 5 }]);
    expect(chat.store.saves).toHaveLength(2);
  });

  it('tells the host of its outcome once it is saved', async () => {
    const events: TaskSettleEvent<unknown>[] = [];
    const chat = createChat({
      onSettle(event) {
        events.push(event);
        expect(chat.store.saves).toHaveLength(2);
      },
    });
    await chat.ask(userMessage('q1'));
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({
      status: 'completed',
      chatId: chat.chatId,
      isRecovered: false,
    });
    expect(events[0]).not.toHaveProperty('turn');
  });

  it('is joined by a request that is made again, and runs once (R-CHAT-9)', async () => {
    let runs = 0;
    const { promise: held, resolve: go } = createDeferred();
    const chat = createChat({
      async execute({ writer }) {
        runs++;
        await held;
        for (const chunk of textChunks('Hello')) writer.write(chunk);
      },
    });
    const taskId = createId();
    const responses = await Promise.all([
      chat.post(userMessage('q1'), { taskId }),
      chat.post(userMessage('q1'), { taskId }),
    ]);
    responses.push(await chat.post(userMessage('q1'), { taskId }));
    go();
    responses.push(await chat.post(userMessage('q1'), { taskId }));
    for (const response of responses) {
      expect(chunksIn(await response.text()).at(-1)).toEqual({ type: 'finish' });
    }
    await chat.view();
    responses.push(await chat.post(userMessage('q1'), { taskId }));
    expect(responses.at(-1)?.status).toBe(200);
    expect(runs).toBe(1);
    expect((await chat.view()).messages.map(({ id }) => id)).toEqual(['q1', taskId]);
    expect(chat.store.saves).toHaveLength(2);
  });

  it('is none of another chat of the same person (R-CHAT-9)', async () => {
    const { ask, route } = createChat();
    const taskId = createId();
    await ask(userMessage('q1'), { taskId });
    const answer = await openPage(route).post(userMessage('q1'), { taskId });
    expect(await refusalOf(answer)).toEqual({ status: 404, code: 'not-found' });
  });

  it('goes on when its page leaves', async () => {
    const { promise: held, resolve: go } = createDeferred();
    const chat = createChat({
      async execute({ writer }) {
        await held;
        for (const chunk of textChunks('Hello')) writer.write(chunk);
      },
    });
    const taskId = createId();
    const response = await chat.post(userMessage('q1'), { taskId });
    await response.body?.cancel();
    expect(await chat.view()).toEqual({ messages: [userMessage('q1')], activeTask: taskId });
    go();
    await until(async () => (await chat.view()).activeTask === null);
    expect(textsOf((await chat.view()).messages)).toEqual(['q1: q1', `${taskId}: Hello`]);
  });

  it('is stopped by its chat or by its name, and saved as far as it came (R-CHAT-13)', async () => {
    for (const isNamed of [false, true]) {
      const chat = createChat({
        async execute({ writer, signal }) {
          for (const chunk of textChunks('Half')) writer.write(chunk);
          await aborted(signal);
        },
      });
      const taskId = createId();
      const page = readWrites(await chat.post(userMessage('q1'), { taskId }));
      await page.until('Half');
      const stopped = await chat.stop(isNamed ? taskId : undefined);
      expect(await stopped.json()).toEqual({ cancelled: true });
      expect(chunksIn(await page.rest()).at(-1)?.type).toBe('abort');
      const { messages, activeTask } = await chat.view();
      expect(textsOf(messages)).toEqual(['q1: q1', `${taskId}: Half`]);
      expect(activeTask).toBeNull();
      expect(await (await chat.stop()).json()).toEqual({ cancelled: false });
    }
  });

  it('tells the host of the first one of a chat, which may write while it is answered', async () => {
    const titles: string[] = [];
    const chat = createChat({
      async onFirstTurn({ messages, writer, chatId }) {
        await turns();
        titles.push(`${chatId} ${messages.map(({ id }) => id)}`);
        writer.write({ type: 'data-title', data: 'Greeting', transient: true });
      },
    });
    const chunks = await chat.ask(userMessage('q1'));
    expect(chunks).toContainEqual({ type: 'data-title', data: 'Greeting', transient: true });
    await chat.ask(userMessage('q2'));
    expect(titles).toEqual([`${chat.chatId} q1`]);
  });

  it('does not fail because the host has no title for it', async () => {
    const failure = new Error('No idea.');
    const chat = createChat({
      async onFirstTurn() {
        throw failure;
      },
    });
    expect((await chat.ask(userMessage('q1'))).at(-1)).toEqual({ type: 'finish' });
    expect(chat.errors).toEqual([failure]);
  });
});

describe('Two turns of a chat', () => {
  /** A chat whose turns end when they are told to, and keep on for a while when they are stopped. */
  function createSlow(options: Parameters<typeof createChat>[0] = {}) {
    const endings = new Map<string, Deferred>();
    const chat = createChat({
      async execute({ messages, writer, signal }) {
        const id = messages.at(-1)?.id ?? '';
        for (const chunk of textChunks(`to ${messages.map((message) => message.id)}`)) {
          writer.write(chunk);
        }
        const ending = createDeferred();
        endings.set(id, ending);
        await aborted(signal);
        await ending.promise;
      },
      ...options,
    });
    return { ...chat, endings };
  }

  it('are saved one after the other, and the second is asked with the answer of the first (R-CHAT-4)', async () => {
    const chat = createSlow();
    const [first, second] = ['first-turn-0123456789', 'second-turn-0123456789'];
    const one = readWrites(await chat.post(userMessage('q1'), { taskId: first }));
    await one.until('to q1');
    const two = readWrites(await chat.post(userMessage('q2'), { taskId: second }));
    await until(() => chat.endings.has('q1'));
    await turns(50);
    // The second one is there, and its work has not begun.
    expect(chat.endings.has('q2')).toBe(false);
    expect((await chat.view()).activeTask).toBe(second);
    chat.endings.get('q1')?.resolve();
    await two.until(`to q1,${first},q2`);
    expect(chunksIn(await one.rest()).at(-1)).toMatchObject({
      type: 'abort',
      reason: 'superseded',
    });
    chat.endings.get('q2')?.resolve();
    await chat.stop();
    await two.rest();
    await chat.view();
    expect(chat.store.saves.map(({ messages }) => messages.map(({ id }) => id))).toEqual([
      ['q1'],
      ['q1', first],
      ['q1', first, 'q2'],
      ['q1', first, 'q2', second],
    ]);
  });

  it('that come at once are both saved, in one order', async () => {
    const chat = createSlow();
    const ids = [createId(), createId()];
    const posts = ids.map((taskId, n) => chat.post(userMessage(`q${n}`), { taskId }));
    const pages = (await Promise.all(posts)).map(readWrites);
    const stopAll = setInterval(() => {
      for (const ending of chat.endings.values()) ending.resolve();
    }, 1);
    await until(() => chat.endings.size > 0);
    await chat.stop();
    await Promise.all(pages.map((page) => page.rest()));
    clearInterval(stopAll);
    const { messages } = await chat.view();
    expect(messages.map(({ id }) => id).sort()).toEqual(['q0', 'q1', ...ids].sort());
    for (const [index, { role }] of messages.entries()) {
      expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant');
    }
    const revisions = chat.store.saves.map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
  });

  it('are not there at once where the chat refuses that (R-CHAT-10)', async () => {
    const chat = createSlow({ whenBusy: 'refuse' });
    const one = readWrites(await chat.post(userMessage('q1')));
    await one.until('to q1');
    const refused = await chat.post(userMessage('q2'));
    expect(await refusalOf(refused)).toEqual({ status: 409, code: 'chat-busy' });
    chat.endings.get('q1')?.resolve();
    await chat.stop();
    await one.rest();
    const two = readWrites(await chat.post(userMessage('q2')));
    await two.until('q2');
    chat.endings.get('q2')?.resolve();
    await chat.stop();
    await two.rest();
  });
});

describe('A message of a chat', () => {
  const history = [
    userMessage('q1'),
    assistantMessage('a1', { type: 'text', text: 'One' }),
    userMessage('q2'),
    assistantMessage('a2', { type: 'text', text: 'Two' }),
  ];
  function createOld(messages: readonly UIMessage[] = history) {
    const chat = createChat();
    chat.store.put(chat.chatId, messages);
    return chat;
  }
  const taskId = 'newest-turn-0123456789';
  const idsOf = (messages: readonly UIMessage[]) => messages.map(({ id }) => id);

  it('is edited: what follows it goes, and it is answered anew (R-CHAT-5)', async () => {
    const chat = createOld();
    await chat.ask(userMessage('q1', 'Instead'), { taskId, messageId: 'q1' });
    const { messages } = await chat.view();
    expect(textsOf(messages)).toEqual(['q1: Instead', `${taskId}: answer to q1`]);
    expect(chat.store.saves[0]?.removed).toEqual(['a1', 'q2', 'a2']);
  });

  it('is answered again: the answer goes, with what follows it (R-CHAT-5)', async () => {
    const rows: [messageId: string | undefined, left: string[]][] = [
      ['a1', ['q1', taskId]],
      ['a2', ['q1', 'a1', 'q2', taskId]],
      [undefined, ['q1', 'a1', 'q2', taskId]],
    ];
    for (const [messageId, left] of rows) {
      const chat = createOld();
      await chat.ask(userMessage(messageId === 'a1' ? 'q1' : 'q2'), {
        ...{ taskId, trigger: 'regenerate-message' },
        ...(messageId && { messageId }),
      });
      expect(idsOf((await chat.view()).messages)).toEqual(left);
    }
  });

  it('is taken from the history that a stock transport sends', async () => {
    const chat = createOld();
    const forged = history.map((message) => ({ ...message, parts: [] }));
    const messages = [...forged, userMessage('q3')];
    await chat.ask(undefined, { taskId, messages });
    const shown = (await chat.view()).messages;
    expect(shown.slice(0, 4)).toEqual(history);
    expect(idsOf(shown)).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', taskId]);
  });
});

describe('A request for a chat', () => {
  it('waits for a turn as long as it says, and follows it then (R-CHAT-12)', async () => {
    const { promise: held, resolve: go } = createDeferred();
    const chat = createChat({ execute: () => held });
    const waiting = chat.follow('&wait=25000');
    await turns(20);
    const taskId = createId();
    const asking = chat.post(userMessage('q1'), { taskId });
    const response = await waiting;
    expect(response.headers.get('x-task-id')).toBe(taskId);
    go();
    expect(chunksIn(await response.text()).at(-1)).toEqual({ type: 'finish' });
    await (await asking).text();
  });

  it('is answered with 204 where no turn begins, and never waits longer than it may (R-CHAT-12)', async () => {
    const chat = createChat();
    expect((await chat.follow()).status).toBe(204);
    expect((await chat.follow('&wait=1')).status).toBe(204);
    for (const wait of ['25001', '-1', 'x', '']) {
      const refused = await chat.follow(`&wait=${wait}`);
      expect(await refusalOf(refused)).toEqual({ status: 400, code: 'invalid-query' });
    }
    const leaving = new AbortController();
    const left = chat.follow('&wait=25000', { signal: leaving.signal });
    leaving.abort();
    expect((await left).status).toBe(204);
    const draining = chat.follow('&wait=25000');
    await chat.streamContext.drain?.({ timeoutMs: 100 });
    expect((await draining).status).toBe(204);
  });

  it('starts nothing as a HEAD, and has the headers of a GET', async () => {
    const chat = createChat();
    expect((await chat.follow('&wait=25000', { method: 'HEAD' })).status).toBe(204);
    const taskId = createId();
    await chat.ask(userMessage('q1'), { taskId });
    const head = await chat.follow(`&taskId=${taskId}`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, null]);
    expect(head.headers.get('x-task-id')).toBe(taskId);
  });

  it('needs the id of the chat', async () => {
    const { route } = createChat();
    for (const query of ['', '?chatId=', '?chatId=a/b']) {
      const refused = await route.GET(new Request(`http://localhost/chat${query}`));
      expect(await refusalOf(refused)).toEqual({ status: 400, code: 'invalid-chat-id' });
    }
  });

  it('for JSON gets the messages and the task that runs, from no cache (R-CHAT-11)', async () => {
    const chat = createChat();
    const answer = await chat.follow('', { headers: { accept: 'application/json' } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ messages: [], activeTask: null });
  });
});
