import {
  createMemoryStreamContext,
  createTaskRoute,
  defineTask,
  resumeTask,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { storedChunksIn, typesIn } from '../../helpers/sse';
import { runToText, startOwnTask } from '../../helpers/tasks';

describe('the start chunk', () => {
  const assistant = { id: 'a', role: 'assistant' as const, parts: [] };
  const user = { id: 'u', role: 'user' as const, parts: [] };

  it.each([
    ['has no messageId when nobody gave one', {}, {}],
    ['carries the id that the page gave', { messageId: 'm' }, { messageId: 'm' }],
    [
      'keeps the id of a message that is continued',
      { messageId: 'm', originalMessages: [user, assistant] },
      { messageId: 'a' },
    ],
    [
      'takes no id from a message of the user',
      { taskId: 'the-id-of-a-task', originalMessages: [assistant, user] },
      { messageId: 'the-id-of-a-task' },
    ],
    [
      'takes the id of the page after a message of the user',
      { messageId: 'm', originalMessages: [user] },
      { messageId: 'm' },
    ],
  ])('%s', async (_name, options, expected) => {
    const { text } = await runToText({ ...options, execute: () => {} });
    expect(storedChunksIn(text)[0]).toEqual({ type: 'start', ...expected });
  });
});

describe('options', () => {
  it.each([
    [{ execute: undefined }, '`execute` must be a function.'],
    [{ heartbeatMs: 0 }, '`heartbeatMs` must be a number of milliseconds from 1 to 2147483647.'],
    [{ heartbeatMs: Number.NaN }, '`heartbeatMs` must be'],
    [{ deadlineMs: 0 }, '`deadlineMs` must be'],
    [{ deadlineMs: 2 ** 31 }, '`deadlineMs` must be'],
    [{ graceMs: -1 }, '`graceMs` must be'],
    [{ progressIntervalMs: -1 }, '`progressIntervalMs` must be'],
    [{ steps: { a: -1 } }, 'The weight of the step `a` must be'],
    [{ steps: { a: Number.POSITIVE_INFINITY } }, 'The weight of the step `a` must be'],
  ])('like %j are refused at once, and the message names the option', (options, message) => {
    const start = () => startOwnTask({ execute: () => {}, ...options } as never);
    expect(start).toThrow(message);
    expect(start).toThrow(expect.objectContaining({ code: 'invalid-options' }));
  });

  it.each([0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e12, '5' as never])(
    'that give an interval which no timer takes are refused wherever there are some: %s',
    (heartbeatMs) => {
      const error = expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringContaining('`heartbeatMs` must be'),
      });
      const streamContext = createMemoryStreamContext();
      const task = defineTask({ name: 'timed', execute: () => 1 });
      const timed = defineTask({ name: 'timed', heartbeatMs, execute: () => 1 });
      expect(() => createTaskRoute(task, { heartbeatMs })).toThrow(error);
      expect(() => createTaskRoute(timed)).toThrow(error);
      expect(() => resumeTask({ taskId: 'x', streamContext, heartbeatMs })).toThrow(error);
      expect(() => toResumableStreamContext(streamContext, { heartbeatMs })).toThrow(error);
    },
  );

  it('that give a retention may be any number of 0 or more', () => {
    for (const retentionMs of [Number.NaN, -1, '5' as never]) {
      expect(() => createMemoryStreamContext({ retentionMs })).toThrow('`retentionMs` must be');
    }
    for (const retentionMs of [0, 2 ** 40, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryStreamContext({ retentionMs })).not.toThrow();
    }
  });

  it('take 0 for the grace and for the progress interval', async () => {
    const { text } = await runToText({ graceMs: 0, progressIntervalMs: 0, execute: () => {} });
    expect(typesIn(text).at(-1)).toBe('finish');
  });
});
