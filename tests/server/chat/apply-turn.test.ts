import { applyTurn, type ChatTurn } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { assistant, idsOf, turnOf, user } from '../../helpers/chat-turns';

const stored = [user('u1'), assistant('a1'), user('u2'), assistant('a2')];

const invalid = expect.objectContaining({ name: 'TaskError', code: 'invalid-message' });

const regenerate = (turn: Partial<ChatTurn>) => turnOf({ trigger: 'regenerate-message', ...turn });

describe('a message of a person', () => {
  it('is added at the end', async () => {
    const applied = await applyTurn(stored, turnOf({ message: user('u3') }));
    expect(applied.messages).toEqual([...stored, user('u3')]);
    expect(applied).toMatchObject({ after: [], removed: [], isAnswered: false });
    expect(applied.changed).toEqual([user('u3')]);
    expect(applied.turn).toEqual(turnOf({ message: user('u3'), afterId: 'u3', isNew: true }));
  });

  it('begins a chat', async () => {
    const applied = await applyTurn([], turnOf({ message: user('u1') }));
    expect(applied.messages).toEqual([user('u1')]);
    expect(applied.changed).toEqual([user('u1')]);
  });

  it('is new also when the page names it, as it does when it sends it once more', async () => {
    const applied = await applyTurn(stored, turnOf({ message: user('u3'), messageId: 'u3' }));
    expect(idsOf(applied.messages)).toEqual(['u1', 'a1', 'u2', 'a2', 'u3']);
  });

  it('takes the place of the one that it edits, and what follows goes', async () => {
    const message = user('u1', 'other');
    const applied = await applyTurn(stored, turnOf({ message, messageId: 'u1' }));
    expect(applied.messages).toEqual([message]);
    expect(applied.changed).toEqual([message]);
    expect(applied.removed).toEqual(['a1', 'u2', 'a2']);
    expect(applied.turn).toMatchObject({ afterId: 'u1', goneId: 'a1' });
  });

  it('takes the place of the one that it edits, though it has another id', async () => {
    const message = user('u9', 'other');
    const applied = await applyTurn(stored, turnOf({ message, messageId: 'u2' }));
    expect(applied.messages).toEqual([...stored.slice(0, 2), message]);
    expect(applied.removed).toEqual(['u2', 'a2']);
    const again = await applyTurn(applied.messages, applied.turn);
    expect(again).toMatchObject({ messages: applied.messages, changed: [], removed: [] });
  });

  it.each([
    ['edits one that is not there', { message: user('u9'), messageId: 'u8' }],
    ['edits an answer', { message: user('u9'), messageId: 'a1' }],
    ['has the id of an answer', { message: user('a1') }],
    ['would stand in two places', { message: user('u1'), messageId: 'u2' }],
    ['is missing', {}],
    ['has an answer of the id of another message', { message: user('u3'), answerId: 'a1' }],
    ['has the id of its answer', { message: user('answer') }],
  ])('is refused when it %s', async (_, turn) => {
    await expect(applyTurn(stored, turnOf(turn))).rejects.toEqual(invalid);
  });

  it('that is sent once more takes nothing away, though its answer is there', async () => {
    const turn = turnOf({ message: user('u2'), answerId: 'a2' });
    const later = [...stored, user('u3')];
    const applied = await applyTurn(later, turn);
    expect(idsOf(applied.messages)).toEqual(['u1', 'a1', 'u2']);
    expect(applied.after).toEqual(later.slice(3));
    expect(applied).toMatchObject({ isAnswered: true, changed: [], removed: [] });
  });

  it('changes nothing of what it is given', async () => {
    const before = structuredClone(stored);
    const turn = turnOf({ message: user('u1', 'other') });
    await applyTurn(stored, Object.freeze(turn));
    expect(stored).toEqual(before);
  });
});

describe('an answer that is written anew', () => {
  it.each([
    ['the page names it, and what is before it', { messageId: 'a1', afterId: 'u1' }, ['u1']],
    ['the page names it only', { messageId: 'a1' }, ['u1']],
    ['the page names what is before it', { afterId: 'u1' }, ['u1']],
    ['the page names the question', { messageId: 'u1', afterId: 'u1' }, ['u1']],
    ['it is the last one', {}, ['u1', 'a1', 'u2']],
    ['it begins the chat', { afterId: null }, []],
  ])('goes, with all that follows, when %s', async (_, turn, kept) => {
    const applied = await applyTurn(stored, regenerate(turn));
    expect(idsOf(applied.messages)).toEqual(kept);
    expect(applied.removed).toEqual(idsOf(stored).slice(kept.length));
    expect(applied.changed).toEqual([]);
    expect(applied.turn.afterId).toBe(kept.at(-1) ?? null);
    expect(applied.turn.goneId).toBe(stored[kept.length]?.id);
    const again = await applyTurn(applied.messages, applied.turn);
    expect(again).toMatchObject({ messages: applied.messages, changed: [], removed: [] });
  });

  it('follows a question that has not been stored, because its request failed', async () => {
    const turn = regenerate({ message: user('u3'), afterId: 'u3' });
    const applied = await applyTurn(stored, turn);
    expect(applied.messages).toEqual([...stored, user('u3')]);
  });

  it('leaves the question as it is stored', async () => {
    const turn = regenerate({ message: user('u1', 'forged'), afterId: 'u1' });
    const applied = await applyTurn(stored, turn);
    expect(applied.messages).toEqual([user('u1')]);
  });

  it('is the same turn when it is sent once more, before and after its answer is there', async () => {
    const turn = regenerate({ messageId: 'a2', afterId: 'u2' });
    const before = stored.slice(0, 3);
    expect(await applyTurn(before, turn)).toMatchObject({ messages: before, isAnswered: false });
    const applied = await applyTurn([...before, assistant('answer')], turn);
    expect(applied).toMatchObject({ messages: before, isAnswered: true, removed: [] });
  });

  it('goes though its message came to be stored after the page had asked for another', async () => {
    // The turn that writes `a2` was still going on when the page asked for another answer.
    const turn = regenerate({ afterId: 'u2' });
    const { turn: first } = await applyTurn(stored.slice(0, 3), turn);
    const applied = await applyTurn(stored, first);
    expect(applied.removed).toEqual(['a2']);
  });

  it.each([
    ['what is before it is not stored', { afterId: 'a9' }],
    ['it is not there, but another one is', { messageId: 'a9', afterId: 'u2' }],
    ['it is not there, and the page does not say what is before it', { messageId: 'a9' }],
    ['it stands before what is said to be before it', { messageId: 'a1', afterId: 'u2' }],
    ['its question is not stored', { message: user('u9'), afterId: 'u9', messageId: 'a2' }],
  ])('is refused when %s', async (_, turn) => {
    await expect(applyTurn(stored, regenerate(turn))).rejects.toEqual(invalid);
  });
});
