import type { UIMessage, UIMessageChunk } from 'ai';
import type { TaskLog, TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aiVersions, finishPart, textParts } from '../../helpers/ai-versions';
import { storedChunksIn } from '../../helpers/sse';
import { createOwnContext, runToText } from '../../helpers/tasks';

const maxFrameBytes = 2_000;

/** A context whose logs take so much at once, and note what is more. */
function createLimitedContext(): TaskStreamContext {
  const context = createOwnContext();
  return {
    ...context,
    async open(taskId, options) {
      const log = await context.open(taskId, options);
      if (!log) return undefined;
      const limited: TaskLog = {
        ...log,
        get signal() {
          return log.signal;
        },
        maxFrameBytes,
        append(frame) {
          expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(maxFrameBytes);
          log.append(frame);
        },
      };
      return limited;
    },
  };
}

function streamOf(...chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

const after: UIMessageChunk[] = [
  { type: 'text-start', id: 'after' },
  { type: 'text-delta', id: 'after', delta: 'And on.' },
  { type: 'text-end', id: 'after' },
];

/** Merges the chunks and a text; gives the message of each version, and expects that it is whole. */
async function readMerged(...chunks: UIMessageChunk[]) {
  const { text, task, reported } = await runToText({
    streamContext: createLimitedContext(),
    execute: ({ writer }) => writer.merge(streamOf(...chunks, ...after)),
  });
  expect(await task.consume()).toMatchObject({ status: 'completed' });
  const log = storedChunksIn(text);
  const messages: UIMessage[] = [];
  for (const ai of aiVersions) {
    for (const chunk of log) await ai.validateChunk(chunk);
    const errors: unknown[] = [];
    const message = await ai.readMessage(structuredClone(log), {
      onError: (error) => errors.push(error),
    });
    expect(errors).toEqual([]);
    expect(message?.parts).toContainEqual(expect.objectContaining({ text: 'And on.' }));
    if (message) messages.push(message);
  }
  return { log, messages, reported };
}

const large = 'x'.repeat(3_000);
/** Characters that JSON escapes, that take several bytes, and that must not be cut in two. */
const mixed = '\u0000"\\\n€😀'.repeat(1_500);
const call = { toolCallId: 'c', toolName: 'search' };
const available: UIMessageChunk = { type: 'tool-input-available', ...call, input: { q: 1 } };

describe('R-MERGE-7: what a merged stream brings that is too large', () => {
  it.each(['text', 'reasoning'] as const)('goes in pieces when it is %s', async (kind) => {
    const { messages, reported } = await readMerged(
      { type: `${kind}-start`, id: 't' },
      { type: `${kind}-delta`, id: 't', delta: mixed, providerMetadata: { p: { a: 1 } } },
      { type: `${kind}-end`, id: 't' },
    );
    expect(reported).toEqual([]);
    for (const { parts } of messages) {
      expect(parts).toContainEqual(
        expect.objectContaining({ type: kind, text: mixed, providerMetadata: { p: { a: 1 } } }),
      );
    }
  });

  it('goes in pieces when it is text that is written by hand', async () => {
    const { text, task } = await runToText({
      streamContext: createLimitedContext(),
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: mixed });
      },
    });
    expect(await task.consume()).toMatchObject({ status: 'completed' });
    const deltas = storedChunksIn(text).flatMap((chunk) =>
      chunk.type === 'text-delta' ? chunk.delta : [],
    );
    expect(deltas.join('')).toBe(mixed);
  });

  it('goes in pieces when it is the input of a tool on its way', async () => {
    const input = JSON.stringify({ q: mixed.slice(0, 4_000) });
    const { log } = await readMerged(
      { type: 'tool-input-start', ...call },
      { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: input },
      available,
      { type: 'tool-output-available', toolCallId: 'c', output: 1 },
    );
    const deltas = log.flatMap((chunk) =>
      chunk.type === 'tool-input-delta' ? chunk.inputTextDelta : [],
    );
    expect(deltas.join('')).toBe(input);
  });

  it.each<[string, UIMessageChunk[], number]>([
    ['output', [available, { type: 'tool-output-available', toolCallId: 'c', output: large }], 1],
    [
      'output, though more comes of it',
      [
        available,
        { type: 'tool-output-available', toolCallId: 'c', output: large },
        { type: 'tool-output-available', toolCallId: 'c', output: 1 },
      ],
      1,
    ],
    [
      'preliminary outputs and whole one',
      [
        available,
        { type: 'tool-output-available', toolCallId: 'c', output: large, preliminary: true },
        { type: 'tool-output-available', toolCallId: 'c', output: large },
      ],
      2,
    ],
    ['error', [available, { type: 'tool-output-error', toolCallId: 'c', errorText: large }], 1],
    [
      'input',
      [
        { type: 'tool-input-start', ...call },
        { ...available, input: { large } } as UIMessageChunk,
        { type: 'tool-output-available', toolCallId: 'c', output: 1 },
      ],
      1,
    ],
    [
      'input that nothing announced',
      [
        { ...available, input: { large } } as UIMessageChunk,
        { type: 'tool-output-available', toolCallId: 'c', output: 1 },
      ],
      1,
    ],
    ['invalid input', [{ type: 'tool-input-error', ...call, input: large, errorText: 'No.' }], 1],
    [
      'request for an approval',
      [available, { type: 'tool-approval-request', toolCallId: 'c', approvalId: large }],
      1,
    ],
    [
      'output that JSON cannot carry',
      [available, { type: 'tool-output-available', toolCallId: 'c', output: { n: 1n } }],
      1,
    ],
  ])(
    'fails its tool call when it is the %s, and the answer goes on',
    async (_what, chunks, told) => {
      const { messages, reported } = await readMerged(...chunks);
      expect(reported).toHaveLength(told);
      expect(reported).toMatchObject([
        {
          code: expect.stringMatching(/^(frame-too-large|unserializable)$/),
          details: { toolCallId: 'c' },
        },
        ...reported.slice(1),
      ]);
      for (const message of messages) {
        expect(message.parts).toContainEqual(
          expect.objectContaining({
            type: 'tool-search',
            state: 'output-error',
            errorText: expect.stringMatching(/one part of an answer may have 2000|bigint/),
          }),
        );
      }
    },
  );

  it('is left out when it is a preliminary output, and the whole one comes', async () => {
    const { messages } = await readMerged(
      available,
      { type: 'tool-output-available', toolCallId: 'c', output: large, preliminary: true },
      { type: 'tool-output-available', toolCallId: 'c', output: 'short' },
    );
    for (const { parts } of messages) {
      expect(parts).toContainEqual(
        expect.objectContaining({ state: 'output-available', output: 'short' }),
      );
    }
  });

  it.each<[string, UIMessageChunk]>([
    ['file', { type: 'file', mediaType: 'image/png', url: `data:image/png;base64,${large}` }],
    ['source-url', { type: 'source-url', sourceId: 's', url: `https://example.org/${large}` }],
    ['source-document', { type: 'source-document', sourceId: 's', mediaType: 'a/b', title: large }],
    ['data-note', { type: 'data-note', data: large }],
    ['message-metadata', { type: 'message-metadata', messageMetadata: { large } }],
    ['message-metadata', { type: 'start', messageMetadata: { large } }],
    ['finish', { type: 'finish', finishReason: 'stop', messageMetadata: { large } }],
  ])('is left out when it is a %s, and readers and host are told', async (type, chunk) => {
    const { log, reported } = await readMerged(chunk);
    expect(reported).toMatchObject([{ code: 'frame-too-large' }]);
    expect(log).toContainEqual({
      type: 'data-task-error',
      id: expect.any(String),
      data: expect.objectContaining({
        code: 'gap',
        details: { cause: 'frame-too-large', type, bytes: expect.any(Number), maxFrameBytes },
      }),
    });
  });

  it('is told without what the provider says of it when that is too large', async () => {
    const providerMetadata = { p: { large } };
    const { messages, reported } = await readMerged(
      { type: 'text-start', id: 't', providerMetadata },
      { type: 'text-delta', id: 't', delta: 'Hello', providerMetadata },
      { type: 'text-end', id: 't', providerMetadata },
    );
    expect(reported).toHaveLength(3);
    for (const { parts } of messages) {
      expect(parts).toContainEqual({ type: 'text', text: 'Hello', state: 'done' });
    }
  });

  it('fails the task when nothing else ever comes', async () => {
    const { task } = await runToText({
      streamContext: createLimitedContext(),
      execute: ({ writer }) =>
        writer.merge(
          new ReadableStream({
            pull: (controller) => controller.enqueue({ type: 'data-note', data: large }),
          }),
        ),
    });
    expect(await task.consume()).toMatchObject({
      status: 'failed',
      error: { code: 'frame-too-large' },
    });
  });
});

describe.each(aiVersions)('R-MERGE-7: streamText of AI SDK $version', (ai) => {
  it('goes on after a tool gave too much, and so does the next turn of the chat', async () => {
    const tools = {
      search: {
        description: 'Searches.',
        inputSchema: z.object({}),
        execute: async () => ({ found: large }),
      },
    };
    const { text, task } = await runToText({
      streamContext: createLimitedContext(),
      execute: ({ writer }) =>
        writer.merge(
          ai.streamText({
            tools,
            parts: [
              { type: 'stream-start', warnings: [] },
              { type: 'text-start', id: 't' },
              { type: 'text-delta', id: 't', delta: 'Let me see.' },
              { type: 'text-end', id: 't' },
              { type: 'tool-call', toolCallId: 'c', toolName: 'search', input: '{}' },
              finishPart('tool-calls'),
            ],
          }),
        ),
    });
    expect(await task.consume()).toMatchObject({ status: 'completed' });
    const message = await ai.readMessage(storedChunksIn(text));
    expect(message?.parts).toContainEqual(
      expect.objectContaining({ type: 'tool-search', state: 'output-error' }),
    );
    const user: UIMessage = { id: 'u', role: 'user', parts: [{ type: 'text', text: 'Go.' }] };
    const messages = [user, { ...message, id: 'm' } as UIMessage, user];
    const stream = ai.streamText({
      parts: textParts('On.'),
      messages: await ai.convertToModelMessages(messages, tools),
    });
    const reader = stream.getReader();
    const types: string[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      types.push(next.value.type);
    }
    expect(types).toContain('text-delta');
    expect(types).not.toContain('error');
  });
});
