import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UIMessage } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';

type Store = typeof import('../../examples/next-chat/lib/chat-store');

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-store-'));
  process.env.CHAT_DATABASE = join(folder, 'data', 'chats.json');
  store = await import('../../examples/next-chat/lib/chat-store');
});

afterAll(async () => {
  delete process.env.CHAT_DATABASE;
  await rm(folder, { recursive: true, force: true });
});

it('loses none of the changes that come at the same time', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `chat-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      await save(id, 2, question(`Question of ${id}`));
      await save(id, 3, question(`Question of ${id}`), answer(`Answer of ${id}`));
    }),
  );
  expect((await store.listChats()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const id of ids) {
    expect(await textsOf(id)).toEqual([`Question of ${id}`, `Answer of ${id}`]);
  }
});

it('keeps a chat as it was saved, however often it is', async () => {
  await save('often', 2, question('One?'));
  await save('often', 3, question('One?'), answer('One'));
  await save('often', 3, question('One?'), answer('One'));
  expect(await textsOf('often')).toEqual(['One?', 'One']);
});

it('drops what an earlier turn saves late', async () => {
  await save('late', 2, question('One?'));
  await save('late', 4, question('Another one?'));
  await save('late', 3, question('One?'), answer('One'));
  expect(await textsOf('late')).toEqual(['Another one?']);
});

it('keeps what is made good later, which was made of the chat as it is now', async () => {
  await save('recovered', 4, question('One?'));
  await save('recovered', 3, question('One?'), answer('Half'), true);
  expect(await textsOf('recovered')).toEqual(['One?', 'Half']);
  await save('recovered', 3, question('One?'), answer('Late'));
  expect(await textsOf('recovered')).toEqual(['One?', 'Half']);
});

it('lists the chat that was used last first, by its first question', async () => {
  await save('first', 2, question('What is\n first?'));
  await save('second', 2, question(`${'long '.repeat(20)}question`));
  await save('first', 4, question('What is\n first?'), answer('This'));
  const [first, second] = await store.listChats();
  expect(first).toEqual({ id: 'first', title: 'What is first?' });
  expect(second?.title).toMatch(/^long .*long…$/);
});

it('has no messages of a chat that is none', async () => {
  expect(await store.readMessages('nowhere')).toEqual([]);
});

it('leaves a whole file behind', async () => {
  await save('file', 2, question('One?'));
  const text = await readFile(join(folder, 'data', 'chats.json'), 'utf8');
  expect(JSON.parse(text).chats[0]).toMatchObject({ id: 'file', title: 'One?' });
});

function save(
  chatId: string,
  revision: number,
  asked: UIMessage,
  answered?: UIMessage,
  isRecovered = false,
): Promise<void> {
  const messages = answered ? [asked, answered] : [asked];
  return store.saveChat({ chatId, messages, revision, isRecovered });
}

async function textsOf(chatId: string): Promise<string[]> {
  const messages = await store.readMessages(chatId);
  return messages.map(({ parts }) =>
    parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
  );
}

function question(text: string): UIMessage {
  return { id: 'question', role: 'user', parts: [{ type: 'text', text }] };
}

function answer(text: string): UIMessage {
  return { id: 'answer', role: 'assistant', parts: [{ type: 'text', text }] };
}
