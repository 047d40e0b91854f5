import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import { readUIMessageStream as readUIMessageStreamV6 } from 'ai-v6';
import { describe, expect, it } from 'vitest';
import { reduceUIMessageChunk } from '../../src/protocol/ui-message';

const empty: UIMessage = { id: '', role: 'assistant', parts: [] };

function reduceAll(chunks: readonly UIMessageChunk[], message: UIMessage = empty): UIMessage {
  return chunks.reduce((last, chunk) => reduceUIMessageChunk(last, deepFreeze(chunk)), message);
}

/** Makes an attempt to change a chunk or a part throw. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

type ReadStream = (options: {
  stream: ReadableStream<never>;
  onError: (error: unknown) => void;
}) => AsyncIterable<unknown>;

async function readAll(chunks: readonly UIMessageChunk[], read: ReadStream): Promise<unknown> {
  let last: unknown = empty;
  const stream = new ReadableStream<never>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(structuredClone(chunk) as never);
      controller.close();
    },
  });
  const onError = (error: unknown) => {
    throw error;
  };
  for await (const message of read({ stream, onError })) last = message;
  return last;
}

/** What JSON keeps of a message: fields that are undefined do not count. */
function plain(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

const providerMetadata = { test: { signature: 'abc' } };

/** By what they are about; all are known to both versions unless the name says otherwise. */
const streams: Record<string, UIMessageChunk[]> = {
  'text, with provider metadata that a delta replaces': [
    { type: 'start', messageId: 'message-1' },
    { type: 'start-step' },
    { type: 'text-start', id: 'a', providerMetadata: { test: { first: true } } },
    { type: 'text-delta', id: 'a', delta: 'Hello, ' },
    { type: 'text-delta', id: 'a', delta: 'world', providerMetadata },
    { type: 'text-end', id: 'a' },
    { type: 'finish-step' },
    { type: 'finish', finishReason: 'stop' },
  ],
  'two texts and a reasoning whose deltas alternate, under one id each': [
    { type: 'start' },
    { type: 'text-start', id: 'a' },
    { type: 'reasoning-start', id: 'a' },
    { type: 'text-start', id: 'b' },
    { type: 'text-delta', id: 'a', delta: '1' },
    { type: 'reasoning-delta', id: 'a', delta: 'I' },
    { type: 'text-delta', id: 'b', delta: 'x' },
    { type: 'text-delta', id: 'a', delta: '2' },
    { type: 'text-end', id: 'a' },
    { type: 'text-delta', id: 'b', delta: 'y' },
    { type: 'reasoning-end', id: 'a', providerMetadata },
    { type: 'text-end', id: 'b' },
    { type: 'finish' },
  ],
  'an id that is used again in the next step': [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'one' },
    { type: 'text-end', id: '0' },
    { type: 'finish-step' },
    { type: 'start-step' },
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'two' },
    { type: 'text-end', id: '0' },
    { type: 'finish-step' },
    { type: 'finish' },
  ],
  'text that never ends': [
    { type: 'start' },
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'Half a sen' },
  ],
  'a tool call with streamed input and a preliminary output': [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'weather', title: 'Weather' },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{"city":' },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '"Oslo"}' },
    {
      type: 'tool-input-available',
      toolCallId: 'c1',
      toolName: 'weather',
      input: { city: 'Oslo' },
      providerMetadata,
    },
    { type: 'tool-output-available', toolCallId: 'c1', output: { at: 1 }, preliminary: true },
    { type: 'tool-output-available', toolCallId: 'c1', output: { at: 2 }, providerMetadata },
    { type: 'finish-step' },
    { type: 'finish' },
  ],
  'a dynamic tool call that the provider executes, and one whose output is an error': [
    { type: 'start' },
    {
      type: 'tool-input-start',
      toolCallId: 'd1',
      toolName: 'search',
      dynamic: true,
      providerExecuted: true,
      toolMetadata: { from: 'mcp' },
    },
    { type: 'tool-input-delta', toolCallId: 'd1', inputTextDelta: '{}' },
    {
      type: 'tool-input-available',
      toolCallId: 'd1',
      toolName: 'search',
      input: {},
      dynamic: true,
    },
    { type: 'tool-output-available', toolCallId: 'd1', output: 'found', dynamic: true },
    {
      type: 'tool-input-available',
      toolCallId: 'd2',
      toolName: 'search',
      input: { q: 1 },
      dynamic: true,
    },
    { type: 'tool-output-error', toolCallId: 'd2', errorText: 'No.', dynamic: true },
    { type: 'finish' },
  ],
  'a tool that fails': [
    { type: 'start' },
    { type: 'tool-input-available', toolCallId: 'c1', toolName: 'weather', input: { city: 1 } },
    { type: 'tool-output-error', toolCallId: 'c1', errorText: 'Out of order', providerMetadata },
    { type: 'finish' },
  ],
  'an output that arrives in the step after its call': [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'tool-input-available', toolCallId: 'c1', toolName: 'slow', input: 1 },
    { type: 'finish-step' },
    { type: 'start-step' },
    { type: 'tool-output-available', toolCallId: 'c1', output: 2 },
    { type: 'finish' },
  ],
  'the same call id in two steps': [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'tool-input-available', toolCallId: 'c1', toolName: 'a', input: 1 },
    { type: 'tool-output-available', toolCallId: 'c1', output: 2 },
    { type: 'start-step' },
    { type: 'tool-input-available', toolCallId: 'c1', toolName: 'a', input: 3 },
    { type: 'tool-output-available', toolCallId: 'c1', output: 4 },
    { type: 'finish' },
  ],
  'sources and files': [
    { type: 'start' },
    { type: 'source-url', sourceId: 's1', url: 'https://example.com', title: 'Example' },
    {
      type: 'source-document',
      sourceId: 's2',
      mediaType: 'application/pdf',
      title: 'Paper',
      filename: 'paper.pdf',
      providerMetadata,
    },
    { type: 'file', url: 'data:text/plain,hi', mediaType: 'text/plain' },
    { type: 'finish' },
  ],
  'data parts: replaced by id, added without one, left out when transient': [
    { type: 'start' },
    { type: 'data-weather', id: 'w', data: { status: 'loading' } },
    { type: 'data-other', id: 'w', data: 1 },
    { type: 'data-weather', data: { status: 'anonymous' } },
    { type: 'data-weather', data: { status: 'anonymous' } },
    { type: 'data-toast', id: 't', data: 'gone', transient: true },
    { type: 'data-weather', id: 'w', data: { status: 'sunny' } },
    { type: 'finish' },
  ],
  'metadata that is merged deeply': [
    {
      type: 'start',
      messageId: 'm',
      messageMetadata: { model: 'x', usage: { input: 1 }, tags: [1] },
    },
    { type: 'message-metadata', messageMetadata: { usage: { output: 2 }, tags: [2, 3] } },
    { type: 'finish', messageMetadata: { model: 'y', usage: { output: null } } },
  ],
  'an error': [
    { type: 'start' },
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'Hm' },
    { type: 'abort', reason: 'enough' },
  ],
};

const newerStreams: Record<string, UIMessageChunk[]> = {
  'citations, custom parts, reasoning files and steering messages': [
    { type: 'start' },
    { type: 'text-start', id: 'a' },
    { type: 'text-end', id: 'a', citations: [] },
    { type: 'custom', kind: 'test.kind', providerMetadata },
    { type: 'reasoning-file', url: 'data:,x', mediaType: 'text/plain' },
    { type: 'steering-message', id: 's', parts: [{ type: 'text', text: 'Faster' }] },
    { type: 'finish' },
  ],
  'a step that is taken back': [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'text-start', id: 'a' },
    { type: 'text-end', id: 'a' },
    { type: 'start-step' },
    { type: 'text-start', id: 'b' },
    { type: 'text-delta', id: 'b', delta: 'wrong' },
    { type: 'reset-step' },
    { type: 'text-start', id: 'b' },
    { type: 'text-delta', id: 'b', delta: 'right' },
    { type: 'text-end', id: 'b' },
    { type: 'finish' },
  ],
  'text as the input of a tool': [
    { type: 'start' },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'write', inputEncoding: 'text' },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: 'Dear ' },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: 'all' },
    { type: 'tool-input-available', toolCallId: 'c1', toolName: 'write', input: 'Dear all' },
  ],
  'an input that came as one piece, of a tool that has run': [
    { type: 'start' },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'weather' },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{"city":"Oslo"}' },
    { type: 'tool-output-available', toolCallId: 'c1', output: 1 },
    { type: 'tool-input-start', toolCallId: 'c2', toolName: 'weather', dynamic: true },
    { type: 'tool-input-delta', toolCallId: 'c2', inputTextDelta: '["Oslo"]' },
    { type: 'tool-output-error', toolCallId: 'c2', errorText: 'No.' },
  ],
  'an input that is not valid, of a tool that is known already or is not': [
    { type: 'start' },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'weather', dynamic: true },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{' },
    {
      type: 'tool-input-error',
      toolCallId: 'c1',
      toolName: 'weather',
      input: '{',
      errorText: 'Not JSON',
    },
    {
      type: 'tool-input-error',
      toolCallId: 'c2',
      toolName: 'weather',
      input: '{{',
      errorText: 'Not JSON either',
      providerMetadata,
    },
    { type: 'finish' },
  ],
};

describe('reduceUIMessageChunk', () => {
  const names = Object.entries({ ...streams, ...newerStreams });
  it.each(names)('builds the message that AI SDK 7 builds from %s', async (_, chunks) => {
    expect(plain(reduceAll(chunks))).toEqual(plain(await readAll(chunks, readUIMessageStream)));
  });

  it.each(Object.entries(streams))(
    'builds the message that AI SDK 6 builds from %s',
    async (_, chunks) => {
      expect(plain(reduceAll(chunks))).toEqual(plain(await readAll(chunks, readUIMessageStreamV6)));
    },
  );

  it('changes neither the message nor its parts, and shares those that stay', () => {
    const before = deepFreeze(
      reduceAll([
        { type: 'text-start', id: 'a' },
        { type: 'data-x', id: 'x', data: 1 },
        { type: 'tool-input-start', toolCallId: 'c', toolName: 't' },
      ]),
    );
    const after = reduceAll(
      [
        { type: 'text-delta', id: 'a', delta: 'more' },
        { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '1' },
        { type: 'finish', messageMetadata: { done: true } },
      ],
      before,
    );
    expect(before.parts[0]).toMatchObject({ type: 'text', text: '' });
    expect(after.parts[0]).toMatchObject({ type: 'text', text: 'more' });
    expect(after.parts[1]).toBe(before.parts[1]);
  });

  it.each<{ type: string }>([
    { type: 'text-delta', id: 'nowhere', delta: 'x' } as { type: string },
    { type: 'reasoning-end', id: 'nowhere' } as { type: string },
    { type: 'tool-input-delta', toolCallId: 'nowhere', inputTextDelta: 'x' } as { type: string },
    { type: 'tool-output-available', toolCallId: 'nowhere', output: 1 } as { type: string },
    { type: 'tool-approval-response', approvalId: 'nowhere' } as { type: string },
    { type: 'tool-from-the-future', toolCallId: 'c', toolName: 't' } as { type: string },
    { type: 'data-x', data: 1, transient: true } as { type: string },
    { type: 'from-the-future' },
    { type: 'error' },
    { type: '__proto__' },
  ])('returns the same message after %j', (chunk) => {
    const message = reduceAll([
      { type: 'text-start', id: 'a' },
      { type: 'tool-input-available', toolCallId: 'c', toolName: 't', input: 1 },
    ]);
    expect(reduceUIMessageChunk(message, chunk)).toBe(message);
  });

  it('does not let metadata reach a prototype', () => {
    const metadata = JSON.parse('{ "__proto__": { "polluted": true }, "a": 1 }');
    const chunk = { type: 'message-metadata', messageMetadata: metadata };
    const message = reduceUIMessageChunk({ ...empty, metadata: { b: 2 } }, chunk);
    expect(message.metadata).toEqual({ a: 1, b: 2 });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
