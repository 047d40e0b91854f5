import type { UIMessage, UIMessageChunk } from 'ai';
import { resumeTask, streamTask, type TaskSettleEvent } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aiVersions, textParts } from '../../helpers/ai-versions';
import { createId, createOwnContext, followRequest } from '../../helpers/tasks';

const user: UIMessage = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go.' }] };

/** An assistant's message with parts of every kind that a stream can bring. */
function assistantMessage(): UIMessage {
  return {
    id: 'a1',
    role: 'assistant',
    metadata: { model: 'small' },
    parts: [
      { type: 'step-start' },
      { type: 'reasoning', text: 'Hm.', state: 'done' },
      { type: 'text', text: 'First, ', state: 'done', providerMetadata: { p: { a: 1 } } },
      {
        type: 'tool-weather',
        toolCallId: 'c1',
        state: 'output-available',
        input: { city: 'Ulm' },
        output: { degrees: 9 },
      },
      {
        type: 'dynamic-tool',
        toolName: 'lookup',
        toolCallId: 'c2',
        state: 'output-error',
        input: { q: 1 },
        errorText: 'No.',
      },
      {
        type: 'tool-ask',
        toolCallId: 'c3',
        state: 'input-available',
        input: { question: 'Which?' },
      },
      { type: 'source-url', sourceId: 's1', url: 'https://example.org', title: 'Example' },
      { type: 'file', url: 'data:text/plain,hi', mediaType: 'text/plain' },
      { type: 'data-note', id: 'n1', data: { text: 'note' } },
      { type: 'step-start' },
      { type: 'text', text: 'then.', state: 'done' },
    ],
  };
}

/** As JSON has it, without ids of reasoning parts, which only one major keeps. */
function plain(message: UIMessage | undefined): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value) =>
      value?.type === 'reasoning' ? { ...value, id: undefined } : value,
    ),
  );
}

function withoutTaskParts(message: UIMessage | undefined): UIMessage | undefined {
  return (
    message && {
      ...message,
      parts: message.parts.filter(({ type }) => !type.startsWith('data-task')),
    }
  );
}

async function until<Value>(get: () => Value | undefined): Promise<Value> {
  for (;;) {
    const value = get();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(aiVersions)('a continued message, in AI SDK $version', (ai) => {
  const continueWith = (streamContext = createOwnContext()) => {
    const taskId = createId();
    const task = streamTask({
      taskId,
      streamContext,
      chatId: 'chat',
      originalMessages: [user, assistantMessage()],
      execute: ({ writer }) => {
        writer.write({ type: 'start-step' });
        writer.write({ type: 'tool-output-available', toolCallId: 'c3', output: 'That one.' });
        writer.merge(ai.streamText({ parts: textParts('And ', 'more.') }));
      },
    });
    return { taskId, task, streamContext };
  };

  it('goes on in the first response without what the page has already', async () => {
    const { task } = continueWith();
    const response = await task.toResponse();
    const chunks = await ai.parseBody(response.body as ReadableStream<Uint8Array>);
    expect(chunks[0]).toEqual({ type: 'start', messageId: 'a1' });
    expect(chunks.map(({ type }) => type)).not.toContain('source-url');
    const message = await ai.readMessage(chunks, { message: assistantMessage() });
    expect(message?.id).toBe('a1');
    expect(message?.parts.slice(0, 5)).toEqual(assistantMessage().parts.slice(0, 5));
  });

  it('is whole again in a replay from the start, which begins with an empty message', async () => {
    const { taskId, task, streamContext } = continueWith();
    const live = await ai.parseBody((await task.toResponse()).body as ReadableStream<Uint8Array>);
    const continued = await ai.readMessage(live, { message: assistantMessage() });
    const response = await resumeTask({ taskId, streamContext }).toResponse();
    const replay = await ai.parseBody(response.body as ReadableStream<Uint8Array>);
    for (const chunk of replay) await ai.validateChunk(chunk);
    const rebuilt = await ai.readMessage(replay);
    expect(plain(withoutTaskParts(rebuilt))).toEqual(plain(withoutTaskParts(continued)));
  });

  it('is not told again to a reader that comes back with a cursor', async () => {
    const { taskId, task, streamContext } = continueWith();
    const text = await (await task.toResponse()).text();
    const [first] = /id: (\S+)/.exec(text)?.slice(1) ?? [];
    const response = await resumeTask({
      taskId,
      streamContext,
      request: followRequest(first),
    }).toResponse();
    expect(await response.text()).not.toContain('source-url');
  });
});

describe('the finished message', () => {
  const chunks: UIMessageChunk[] = [
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'Hello ' },
    { type: 'text-delta', id: 't', delta: 'there.' },
    { type: 'text-end', id: 't' },
  ];

  const settle = async (options: Partial<Parameters<typeof streamTask>[0]>) => {
    let event: TaskSettleEvent<unknown> | undefined;
    let calls = 0;
    const task = streamTask<unknown, unknown>({
      streamContext: createOwnContext(),
      chatId: 'chat',
      execute: ({ writer, task: reporter }) => {
        reporter.log('noted');
        for (const chunk of chunks) writer.write(chunk);
      },
      onSettle(settled) {
        calls++;
        event = settled;
      },
      ...options,
    });
    const settled = await until(() => event);
    return { ...settled, taskId: task.taskId, calls };
  };

  it('is handed to onSettle once, though nobody has read the task', async () => {
    const { message, messages, calls, status } = await settle({
      messageId: 'named',
      originalMessages: [user],
    });
    expect(status).toBe('completed');
    expect(message?.id).toBe('named');
    expect(message?.role).toBe('assistant');
    expect(message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'text',
      'data-task-settle',
    ]);
    expect(message?.parts[1]).toMatchObject({ type: 'text', text: 'Hello there.', state: 'done' });
    expect(messages).toEqual([user, message]);
    expect(calls).toBe(1);
  });

  it('is called like the task when nobody has named it', async () => {
    const { message, taskId } = await settle({});
    expect(message?.id).toBe(taskId);
  });

  it('stands in place of the message that it continues', async () => {
    const { message, messages } = await settle({ originalMessages: [user, assistantMessage()] });
    expect(message?.id).toBe('a1');
    expect(messages?.map(({ id }) => id)).toEqual(['u1', 'a1']);
    expect(plain(message)).toMatchObject({ metadata: { model: 'small' } });
    expect(message?.parts.filter(({ type }) => type === 'text')).toHaveLength(3);
  });

  it('stands behind the last one when an answer is written anew', async () => {
    const { message, messages } = await settle({
      originalMessages: [user, assistantMessage()],
      trigger: 'regenerate-message',
      messageId: 'anew',
    });
    expect(messages?.map(({ id }) => id)).toEqual(['u1', 'a1', 'anew']);
    expect(message?.parts.filter(({ type }) => type === 'text')).toHaveLength(1);
    expect(messages?.[1]).toEqual(assistantMessage());
  });

  it('tells of a failure and of a cancel by its parts', async () => {
    const failed = await settle({
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        throw new Error('secret');
      },
      onError: () => {},
    });
    expect(failed.status).toBe('failed');
    expect(failed.message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'text',
      'data-task-error',
      'data-task-settle',
    ]);
    expect(JSON.stringify(failed.message)).not.toContain('secret');
  });

  it('is built for chats only', async () => {
    const { message, messages } = await settle({ chatId: undefined });
    expect(message).toBeUndefined();
    expect(messages).toBeUndefined();
  });
});
