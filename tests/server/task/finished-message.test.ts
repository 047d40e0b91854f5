import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { readFinishedMessage } from '../../../src/server/task/finished-message';
import { createId, createOwnContext } from '../../helpers/tasks';

const taskId = 'the-id-of-the-task';

const continued: UIMessage = {
  id: 'a1',
  role: 'assistant',
  parts: [
    { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,hi', filename: 'notes.txt' },
  ],
};

const start: UIMessageChunk = { type: 'start', messageId: 'a1' };
const history: UIMessageChunk[] = [
  start,
  { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,hi' },
  // The message goes on with a task that had a gap of its own, and that settled.
  { type: 'data-task-error', id: 'older', data: { taskId: 'older', code: 'gap' } },
  { type: 'data-task-settle', id: 'older', data: { taskId: 'older', status: 'completed' } },
];
const written: UIMessageChunk[] = [
  start,
  { type: 'data-task', id: taskId, data: { taskId, status: 'running' } },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'And ' },
  { type: 'text-delta', id: 't', delta: 'more.' },
  { type: 'text-end', id: 't' },
];
const settle: UIMessageChunk[] = [
  { type: 'data-task-settle', id: taskId, data: { taskId, status: 'failed' } },
  { type: 'error', errorText: 'The process that ran the task is gone.' },
];
const gap: UIMessageChunk = {
  type: 'data-task-error',
  id: taskId,
  data: { taskId, code: 'gap', message: 'Part of the log is missing.', retryable: false },
};

/** A reader of a log that holds these chunks, and has ended. */
async function readerOf(chunks: readonly UIMessageChunk[]): Promise<TaskReader> {
  const context: TaskStreamContext = createOwnContext();
  const frames = chunks.map((chunk) => JSON.stringify(chunk));
  const log = await context.open(taskId, { leaseMs: 1_000, token: createId(), frames });
  await log?.settle([], 'failed');
  await log?.release();
  const reader = await context.read(taskId);
  if (!reader) throw new Error('The log is not kept.');
  return reader;
}

const read = async (chunks: readonly UIMessageChunk[], original?: UIMessage) =>
  readFinishedMessage({ reader: await readerOf(chunks), taskId, continued: original });

describe('the message that a log tells', () => {
  it('is that of a task that began it', async () => {
    const message = await read([...written, ...settle]);
    expect(message.id).toBe('a1');
    expect(message.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'text',
      'data-task-settle',
    ]);
    expect(message.parts[1]).toMatchObject({ text: 'And more.', state: 'done' });
  });

  it('begins with the original one, not with what chunks can tell of that', async () => {
    const before = JSON.stringify(continued);
    const message = await read([...history, ...written, ...settle], continued);
    expect(message.parts[0]).toEqual(continued.parts[0]);
    expect(message.parts.map(({ type }) => type)).toEqual([
      'file',
      'data-task',
      'text',
      'data-task-settle',
    ]);
    expect(JSON.stringify(continued)).toBe(before);
  });

  it.each([
    ['a part of the log is missing', [...written, gap, ...settle], undefined],
    [
      'a part of the log of a message that goes on is missing',
      [...history, ...written, gap, ...settle],
      continued,
    ],
    [
      'the log was begun anew',
      [...written, start, ...written.slice(1, 2), gap, ...settle],
      undefined,
    ],
    ['the log has no outcome', written, undefined],
    ['the log has nothing but its end', settle, undefined],
    ['the message that goes on is not there', [...history, ...written, ...settle], undefined],
    [
      'it was never whole',
      [...written, { type: 'text-delta', id: 'nowhere', delta: 'x' } as const, ...settle],
      undefined,
    ],
  ] as const)(
    'is refused when %s, and no piece of it passes for the whole',
    async (_name, chunks, original) => {
      await expect(read(chunks, original)).rejects.toMatchObject({
        name: 'TaskError',
        code: 'message-unavailable',
      });
    },
  );
});
