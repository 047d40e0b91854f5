import type { UIMessage } from 'ai';
import { applyTurn, type ChatTurn, placeAnswer } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';

const user = (id: string, text = id): UIMessage => ({
  id,
  role: 'user',
  parts: [{ type: 'text', text }],
});
const assistant = (id: string, text = id): UIMessage => ({
  id,
  role: 'assistant',
  parts: [{ type: 'text', text }],
});

function turnOf(turn: Partial<ChatTurn>): ChatTurn {
  return { chatId: 'chat', trigger: 'submit-message', answerId: 'answer', ...turn };
}

const ids = (messages: readonly UIMessage[]) => messages.map(({ id }) => id);

describe('a message of a person', () => {
  it('is added at the end', async () => {
    const stored = [user('u1'), assistant('a1')];
    const applied = await applyTurn(stored, turnOf({ message: user('u2') }));
    expect(ids(applied.messages)).toEqual(['u1', 'a1', 'u2']);
    expect(applied.changed).toEqual([{ index: 2, message: user('u2') }]);
    expect(applied.removed).toEqual([]);
    const placed = placeAnswer(applied.messages, applied.turn, assistant('answer'));
    expect(ids(placed.messages)).toEqual(['u1', 'a1', 'u2', 'answer']);
    expect(placed.changed).toEqual([{ index: 3, message: assistant('answer') }]);
  });

  it('takes the place of the one that it edits, and what follows goes', async () => {
    const stored = [user('u1'), assistant('a1'), user('u2'), assistant('a2')];
    const message = user('u1', 'other');
    const applied = await applyTurn(stored, turnOf({ message, messageId: 'u1' }));
    expect(applied.messages).toEqual([message]);
    expect(applied.changed).toEqual([{ index: 0, message }]);
    expect(applied.removed).toEqual(['a1', 'u2', 'a2']);
  });
});

describe('an answer that is written anew', () => {
  it('goes, with all that follows', async () => {
    const stored = [user('u1'), assistant('a1'), user('u2'), assistant('a2')];
    const turn = turnOf({ trigger: 'regenerate-message', messageId: 'a1', afterId: 'u1' });
    const applied = await applyTurn(stored, turn);
    expect(ids(applied.messages)).toEqual(['u1']);
    expect(applied.removed).toEqual(['a1', 'u2', 'a2']);
    expect(applied.turn).toMatchObject({ afterId: 'u1', goneId: 'a1' });
  });
});
