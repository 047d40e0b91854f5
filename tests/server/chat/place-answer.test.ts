import { applyTurn, hasAnswer, placeAnswer } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { assistant, idsOf, turnOf, user } from '../../helpers/chat-turns';

const before = [user('u1'), assistant('a1')];
const answer = assistant('answer');

describe('the answer of a turn (R-CHAT-5)', () => {
  it('stands behind its question', async () => {
    const { messages, turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const placed = placeAnswer(messages, turn, answer);
    expect(idsOf(placed.messages)).toEqual(['u1', 'a1', 'u2', 'answer']);
    expect(placed).toMatchObject({ changed: [answer], removed: [] });
  });

  it('stands behind its question also when the next turn has begun', async () => {
    const { messages, turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const placed = placeAnswer([...messages, user('u3')], turn, answer);
    expect(idsOf(placed.messages)).toEqual(['u1', 'a1', 'u2', 'answer', 'u3']);
    // The next question has another place now, so its row changes, too.
    expect(placed.changed).toEqual([answer, user('u3')]);
  });

  it('takes the place of what was saved of it before', async () => {
    const { messages, turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const once = placeAnswer(messages, turn, answer).messages;
    const whole = assistant('answer', 'whole');
    const placed = placeAnswer([...once, user('u3')], turn, whole);
    expect(placed.messages).toEqual([...messages, whole, user('u3')]);
    expect(placeAnswer(placed.messages, turn, whole).changed).toEqual([]);
  });

  it('brings its question along when the start of the turn was not saved', async () => {
    const { turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const placed = placeAnswer(before, turn, answer);
    expect(placed.messages).toEqual([...before, user('u2'), answer]);
    expect(placed.changed).toEqual([user('u2'), answer]);
  });

  it('brings an edit along when the start of the turn was not saved', async () => {
    const stored = [...before, user('u2'), assistant('a2')];
    const { turn } = await applyTurn(stored, turnOf({ message: user('u1', 'other') }));
    const placed = placeAnswer(stored, turn, answer);
    expect(placed.messages).toEqual([user('u1', 'other'), answer]);
    expect(placed.removed).toEqual(['a1', 'u2', 'a2']);
  });

  it('brings an edit of the last message along when it is told that the start was not saved', async () => {
    const stored = [user('u1')];
    const { turn } = await applyTurn(stored, turnOf({ message: user('u1', 'other') }));
    const placed = placeAnswer(stored, turn, answer, { isStarted: false });
    expect(placed.messages).toEqual([user('u1', 'other'), answer]);
    // What a host adds to a message when it saves it is no reason to write it anew.
    expect(placeAnswer(stored, turn, answer).messages).toEqual([user('u1'), answer]);
  });

  it('takes the place of the one that is written anew when the start was not saved', async () => {
    const turn = turnOf({ trigger: 'regenerate-message', messageId: 'a1', afterId: 'u1' });
    const applied = await applyTurn(before, turn);
    const placed = placeAnswer(before, applied.turn, answer);
    expect(placed.messages).toEqual([user('u1'), answer]);
    expect(placed.removed).toEqual(['a1']);
  });

  it('takes the place of one that was saved since the page has asked for it anew', async () => {
    // The answer to the question was still being written when the page asked for another one.
    const turn = turnOf({ trigger: 'regenerate-message', afterId: 'u1' });
    const applied = await applyTurn([user('u1')], turn);
    const placed = placeAnswer(before, applied.turn, answer, { isStarted: false });
    expect(placed.messages).toEqual([user('u1'), answer]);
    expect(placed.removed).toEqual(['a1']);
  });

  it('keeps what follows a new question, though its start was said not to be saved', async () => {
    const { messages, turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const stored = [...messages, user('u3')];
    const placed = placeAnswer(stored, turn, answer, { isStarted: false });
    expect(placed.messages).toEqual([...messages, answer, user('u3')]);
  });

  it('begins a chat that had no question', async () => {
    const greeting = [assistant('hello')];
    const turn = turnOf({ trigger: 'regenerate-message', messageId: 'hello' });
    const applied = await applyTurn(greeting, turn);
    expect(placeAnswer(applied.messages, applied.turn, answer).messages).toEqual([answer]);
    expect(placeAnswer(greeting, applied.turn, answer).messages).toEqual([answer]);
  });

  it('has no place when its question is gone, is edited, or was asked anew since', async () => {
    const { messages, turn } = await applyTurn(before, turnOf({ message: user('u2') }));
    const gone = placeAnswer(before, turn, answer, { isStarted: true });
    expect(gone).toEqual({ messages: before, changed: [], removed: [], isPlaced: false });
    const anew = [...messages, assistant('another')];
    expect(placeAnswer(anew, turn, answer)).toMatchObject({ messages: anew, isPlaced: false });
    const edit = await applyTurn(before, turnOf({ message: user('u1', 'other') }));
    expect(placeAnswer([user('u0')], edit.turn, answer)).toMatchObject({ isPlaced: false });
  });

  it('takes the place of the message that went on, wherever that is', async () => {
    const stored = [...before, user('u2')];
    const { messages, after, turn } = await applyTurn(stored, turnOf({ message: assistant('a1') }));
    expect([idsOf(messages), idsOf(after)]).toEqual([['u1', 'a1'], ['u2']]);
    const whole = assistant('a1', 'a1, and more');
    const placed = placeAnswer(stored, turn, whole);
    expect(placed.messages).toEqual([user('u1'), whole, user('u2')]);
    expect(placed.changed).toEqual([whole]);
    expect(placeAnswer([user('u1')], turn, whole).isPlaced).toBe(false);
  });
});

describe('an answer that was recovered (R-CHAT-7)', () => {
  it('is there already when the chat has a message of its id', async () => {
    const turn = turnOf({ message: user('u2') });
    expect(hasAnswer(before, turn)).toBe(false);
    expect(hasAnswer([...before, user('u2'), answer], turn)).toBe(true);
  });

  it('is there already when the message that went on has come further', () => {
    const call = { type: 'tool-pay', toolCallId: 'c', state: 'approval-responded', input: {} };
    const continued = assistant('a1', [call]);
    const turn = turnOf({ message: assistant('a1', []) });
    const withData = assistant('a1', [call, { type: 'data-note', data: 1 }]);
    const over = assistant('a1', [{ ...call, state: 'output-available', output: 1 }]);
    const longer = assistant('a1', [call, { type: 'text', text: 'Paid.' }]);
    const chatWith = (message: typeof continued) => [user('u1'), message];
    expect(hasAnswer(chatWith(continued), turn, continued)).toBe(false);
    expect(hasAnswer(chatWith(withData), turn, continued)).toBe(false);
    expect(hasAnswer(chatWith(over), turn, continued)).toBe(true);
    expect(hasAnswer(chatWith(longer), turn, continued)).toBe(true);
    expect(hasAnswer([], turn, continued)).toBe(false);
  });
});
