// The database of the recipe in docs/chat.md, as it stands there: nothing that comes late, twice or
// recovered undoes what is newer.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UIMessage } from 'ai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { importRecipeFile } from '../browser/chat-recipe/bundle-recipe';
import { createId } from '../helpers/tasks';

interface Chats {
  readMessages(chatId: string): Promise<UIMessage[]>;
  beginTurn(turn: {
    chatId: string;
    message: UIMessage;
    taskId: string;
  }): Promise<{ messages: UIMessage[]; answerId: string }>;
  saveAnswer(
    chatId: string,
    event: { taskId: string; message?: UIMessage; isRecovered: boolean },
  ): Promise<void>;
}

let folder: string;
let chats: Chats;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chats-'));
  vi.stubEnv('CHATS_FILE', join(folder, 'chats.json'));
  chats = await importRecipeFile('lib/chats.ts');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const said = (role: 'user' | 'assistant', id: string, text = id): UIMessage => ({
  id,
  role,
  parts: [{ type: 'text', text }],
});

/** A turn of a chat, and how its task ends. */
async function begin(chatId: string, message: UIMessage) {
  const taskId = createId();
  const { answerId, messages } = await chats.beginTurn({ chatId, message, taskId });
  const settle = (text: string, isRecovered = false) =>
    chats.saveAnswer(chatId, { taskId, message: said('assistant', answerId, text), isRecovered });
  return { taskId, answerId, messages, settle };
}

async function texts(chatId: string): Promise<string[]> {
  const messages = await chats.readMessages(chatId);
  return messages.map(({ parts }) => parts.map((part) => 'text' in part && part.text).join());
}

describe('the database of the recipe', () => {
  it('has the question before there is an answer', async () => {
    const chatId = createId();
    await begin(chatId, said('user', 'one?'));
    expect(await texts(chatId)).toEqual(['one?']);
  });

  it('keeps the turns in order, whichever answer comes last', async () => {
    const chatId = createId();
    const first = await begin(chatId, said('user', 'one?'));
    const second = await begin(chatId, said('user', 'two?'));
    expect(second.messages.map(({ id }) => id)).toEqual(['one?', 'two?']);
    await second.settle('two');
    await first.settle('one');
    expect(await texts(chatId)).toEqual(['one?', 'one', 'two?', 'two']);
  });

  it('does not let what was recovered take the place of what was finished', async () => {
    const chatId = createId();
    const turn = await begin(chatId, said('user', 'one?'));
    await turn.settle('the whole');
    await turn.settle('the half', true);
    expect(await texts(chatId)).toEqual(['one?', 'the whole']);
  });

  it('lets what was finished take the place of what was recovered', async () => {
    const chatId = createId();
    const turn = await begin(chatId, said('user', 'one?'));
    await turn.settle('the half', true);
    await turn.settle('the whole');
    expect(await texts(chatId)).toEqual(['one?', 'the whole']);
  });

  it('drops the answer to a question that was asked again, and all that followed it', async () => {
    const chatId = createId();
    const first = await begin(chatId, said('user', 'one?'));
    await first.settle('one');
    const later = await begin(chatId, said('user', 'two?'));
    const again = await begin(chatId, said('user', 'one?', 'one, but edited?'));
    await later.settle('two');
    await first.settle('one', true);
    await again.settle('another one');
    expect(await texts(chatId)).toEqual(['one, but edited?', 'another one']);
  });

  it('keeps an answer that is continued as it was, until it is continued', async () => {
    const chatId = createId();
    const first = await begin(chatId, said('user', 'one?'));
    await first.settle('one');
    const continued = await begin(chatId, said('assistant', first.answerId, 'one, approved'));
    expect(continued.answerId).toBe(first.answerId);
    expect(await texts(chatId)).toEqual(['one?', 'one, approved']);
    // The task before may end late, or be recovered.
    await first.settle('one');
    await continued.settle('one, approved, and done', true);
    expect(await texts(chatId)).toEqual(['one?', 'one, approved, and done']);
  });

  it('keeps the question where the answer could not be made whole', async () => {
    const chatId = createId();
    const { taskId } = await begin(chatId, said('user', 'one?'));
    await chats.saveAnswer(chatId, { taskId, isRecovered: false });
    expect(await texts(chatId)).toEqual(['one?']);
  });

  it('takes a chat by any name', async () => {
    await (await begin('__proto__', said('user', 'one?'))).settle('one');
    expect(await texts('__proto__')).toEqual(['one?', 'one']);
    expect(await texts('constructor')).toEqual([]);
  });
});
