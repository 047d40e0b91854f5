import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

type Store = typeof import('../../examples/next-chat/lib/chat-store');
type Message = Parameters<Store['saveAnswer']>[1];

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
      const { answerId } = await store.beginTurn(id, question('q1', `Question of ${id}`));
      await store.saveAnswer(id, answer(answerId, `Answer of ${id}`));
    }),
  );
  expect((await store.listChats()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const id of ids) {
    expect((await store.readMessages(id)).map(textOf)).toEqual([
      `Question of ${id}`,
      `Answer of ${id}`,
    ]);
  }
});

it('keeps an answer once, however often it is saved', async () => {
  const { answerId } = await store.beginTurn('often', question('q1', 'One?'));
  await store.saveAnswer('often', answer(answerId, 'Part'));
  await store.saveAnswer('often', answer(answerId, 'Whole'));
  expect((await store.readMessages('often')).map(textOf)).toEqual(['One?', 'Whole']);
});

it('keeps a finished answer where one is recovered that may be less', async () => {
  const { answerId } = await store.beginTurn('recovered', question('q1', 'One?'));
  await store.saveAnswer('recovered', answer(answerId, 'Part'), { isRecovered: true });
  expect((await store.readMessages('recovered')).map(textOf)).toEqual(['One?', 'Part']);
  await store.saveAnswer('recovered', answer(answerId, 'Whole'));
  await store.saveAnswer('recovered', answer(answerId, 'Part'), { isRecovered: true });
  expect((await store.readMessages('recovered')).map(textOf)).toEqual(['One?', 'Whole']);
});

it('drops an answer that comes after its question was asked again', async () => {
  const first = await store.beginTurn('again', question('q1', 'One?'));
  const second = await store.beginTurn('again', question('q1', 'One?'));
  await store.saveAnswer('again', answer(second.answerId, 'New'));
  await store.saveAnswer('again', answer(first.answerId, 'Old'));
  expect((await store.readMessages('again')).map(textOf)).toEqual(['One?', 'New']);
});

it('changes nothing when the same question is sent again for the same answer', async () => {
  await store.beginTurn('twice', question('q1', 'One?'), 'same-answer');
  await store.saveAnswer('twice', answer('same-answer', 'Kept'));
  const again = await store.beginTurn('twice', question('q1', 'One?'), 'same-answer');
  expect(again.answerId).toBe('same-answer');
  expect(again.messages.map(textOf)).toEqual(['One?']);
  expect((await store.readMessages('twice')).map(textOf)).toEqual(['One?', 'Kept']);
});

it('puts a late answer behind its own question', async () => {
  const first = await store.beginTurn('late', question('q1', 'One?'));
  const second = await store.beginTurn('late', question('q2', 'Two?'));
  expect(second.messages.map(textOf)).toEqual(['One?', 'Two?']);
  await store.saveAnswer('late', answer(first.answerId, 'First'));
  await store.saveAnswer('late', answer(second.answerId, 'Second'));
  expect((await store.readMessages('late')).map(textOf)).toEqual([
    'One?',
    'First',
    'Two?',
    'Second',
  ]);
});

it('leaves a whole file behind', async () => {
  await store.beginTurn('file', question('q1', 'One?'));
  const text = await readFile(join(folder, 'data', 'chats.json'), 'utf8');
  expect(JSON.parse(text).chats[0]).toMatchObject({ id: 'file', title: 'One?' });
});

function question(id: string, text: string): Message {
  return { id, role: 'user', parts: [{ type: 'text', text }] };
}

function answer(id: string, text: string): Message {
  return { id, role: 'assistant', parts: [{ type: 'text', text }] };
}

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
