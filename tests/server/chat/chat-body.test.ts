import { readBodyFields, readChatBody, readChatId } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assistant, user } from '../../helpers/chat-turns';

const invalid = (code: string) => expect.objectContaining({ name: 'TaskError', code });

const body = (fields: Record<string, unknown>) => ({
  id: 'chat',
  messages: [user('u1')],
  ...fields,
});

describe('the body of a turn', () => {
  it('has one message that counts: the last one of those that the AI SDK sends', () => {
    const messages = [user('u1'), assistant('a1'), user('u2')];
    const sent = { id: 'chat', messages, trigger: 'submit-message', model: 'fast' };
    expect(readChatBody(sent)).toEqual({
      chatId: 'chat',
      trigger: 'submit-message',
      message: user('u2'),
      body: { model: 'fast' },
    });
  });

  it('has the message that is named, when it is not the last one', () => {
    const messages = [user('u1'), assistant('a1'), user('u2')];
    const sent = readChatBody(body({ messages, messageId: 'a1' }));
    expect(sent).toMatchObject({ messageId: 'a1', message: assistant('a1') });
    const edit = readChatBody(body({ messages: [user('u3')], messageId: 'u1' }));
    expect(edit).toMatchObject({ messageId: 'u1', message: user('u3') });
  });

  it('says behind which message an answer is written anew', () => {
    const anew = { trigger: 'regenerate-message', messageId: 'a2' };
    const behindQuestion = readChatBody(body({ ...anew, messages: [assistant('a1'), user('u2')] }));
    expect(behindQuestion).toMatchObject({ messageId: 'a2', afterId: 'u2', message: user('u2') });
    const behindAnswer = readChatBody(body({ ...anew, messages: [assistant('a1')] }));
    expect(behindAnswer).toEqual({ ...anew, chatId: 'chat', afterId: 'a1', body: {} });
    // An empty list does not say that nothing is to stay.
    expect(readChatBody(body({ ...anew, messages: [] }))).not.toHaveProperty('afterId');
  });

  it('may name its task', () => {
    const taskId = '0123456789abcdef';
    expect(readChatBody(body({ taskId }))).toMatchObject({ taskId });
    expect(() => readChatBody(body({ taskId: 'short' }))).toThrow(invalid('invalid-task-id'));
  });

  it.each([
    ['a list', []],
    ['nothing', null],
    ['a text', 'hello'],
    ['no messages', { id: 'chat' }],
    ['messages that are no list', body({ messages: { 0: user('u1') } })],
    ['no message to answer', body({ messages: [] })],
    ['another trigger', body({ trigger: 'delete-message' })],
    ['a messageId that is no text', body({ messageId: 7 })],
    [
      'a message without an id to write behind',
      body({ trigger: 'regenerate-message', messages: [1] }),
    ],
    ['keys that pollute prototypes', JSON.parse('{"id":"chat","messages":[{"__proto__":{}}]}')],
  ])('is refused when it is or has %s', (_, sent) => {
    expect(() => readChatBody(sent)).toThrow(invalid('invalid-body'));
  });

  it('says what to do when it has too many messages', () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => user(`u${index}`));
    expect(() => readChatBody(body({ messages }))).toThrow(/one-file.*prepareSendMessagesRequest/);
    expect(readChatBody(body({ messages: messages.slice(0, 1000) }))).toMatchObject({
      message: user('u999'),
    });
  });

  it('has other fields that a schema checks', async () => {
    const schema = z.object({ model: z.enum(['fast', 'good']).default('fast') });
    expect(await readBodyFields({ other: 1 }, undefined)).toEqual({ other: 1 });
    expect(await readBodyFields({}, schema)).toEqual({ model: 'fast' });
    await expect(readBodyFields({ model: 'best' }, schema)).rejects.toMatchObject({
      code: 'invalid-body',
      details: { issues: [{ path: ['model'] }] },
    });
  });
});

describe('the id of a chat (R-CHAT-1)', () => {
  it.each(['a', 'chat-1_2', 'x'.repeat(128)])('may be %s', (id) => {
    expect(readChatId(id)).toBe(id);
  });

  it.each([
    undefined,
    null,
    7,
    '',
    '.',
    '..',
    '../other',
    'a/b',
    'a\\b',
    'a%2fb',
    'a b',
    'a:b',
    '{a}',
    'chat\n',
    'cä',
    '\ud800',
    'x'.repeat(129),
  ])('may not be %j', (id) => {
    expect(() => readChatId(id)).toThrow(invalid('invalid-chat-id'));
    expect(() => readChatBody(body({ id }))).toThrow(invalid('invalid-chat-id'));
  });
});
