import type { UIMessage, UIMessageChunk } from 'ai';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMessageRecord, type MessageRecord } from '../../../src/server/task/message-record';
import { nextTurn } from '../../../src/server/time/next-turn';
import { fc } from '../../helpers/fast-check';
import { type ServerVersion, serverVersions } from '../../helpers/server-versions';

function recordOf(chunks: readonly UIMessageChunk[]): MessageRecord {
  const record = createMessageRecord();
  for (const chunk of chunks) record.add(chunk, JSON.stringify(chunk));
  return record;
}

interface Step {
  readonly kind: string;
  readonly id: string;
  readonly text: string;
  readonly metadata: unknown;
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...['text', 'text', 'text', 'text-end', 'reasoning', 'reasoning', 'reasoning-end'],
      ...['input', 'input', 'input', 'input', 'available', 'preliminary', 'preliminary', 'output'],
      ...['data', 'data', 'unnamed', 'transient', 'metadata', 'source', 'step', 'foreign', 'reset'],
    ),
    id: fc.constantFrom('a', 'b', '__proto__'),
    text: fc.constantFrom('{"x":', '1', ',"y":"', 'é\n', '\ud83d', '\ude00', '"}', ''),
    metadata: fc.constantFrom(undefined, undefined, undefined, null, { p: { a: 1 } }, { q: {} }),
  }),
  { maxLength: 80 },
);

/** The chunks that a task may write, made of whatever steps: none lacks its start. */
function chunksOf(all: readonly Step[], major: 6 | 7): UIMessageChunk[] {
  const chunks: UIMessageChunk[] = [];
  const open = new Set<string>();
  const calls = new Set<string>();
  const begin = (name: string, chunk: UIMessageChunk) => {
    if (!open.has(name)) chunks.push(chunk);
    open.add(name);
  };
  const callOf = (id: string) => {
    if (calls.has(id)) return;
    calls.add(id);
    begin(`input ${id}`, { type: 'tool-input-start', toolCallId: id, toolName: 'tool' });
  };
  for (const { kind, id, text, metadata } of all) {
    const extra = metadata === undefined ? {} : ({ providerMetadata: metadata } as object);
    switch (kind) {
      case 'text':
      case 'reasoning':
        begin(`${kind} ${id}`, { type: `${kind}-start`, id });
        chunks.push({ type: `${kind}-delta`, id, delta: text, ...extra });
        break;
      case 'foreign':
        begin(`text ${id}`, { type: 'text-start', id });
        chunks.push({ type: 'text-delta', id, delta: text, foreign: 1 } as UIMessageChunk);
        break;
      case 'text-end':
      case 'reasoning-end':
        if (open.delete(`${kind.slice(0, -4)} ${id}`)) chunks.push({ type: kind, id, ...extra });
        break;
      case 'input':
        callOf(id);
        begin(`input ${id}`, { type: 'tool-input-start', toolCallId: id, toolName: 'tool' });
        chunks.push({ type: 'tool-input-delta', toolCallId: id, inputTextDelta: text });
        break;
      case 'available':
        callOf(id);
        chunks.push({
          type: 'tool-input-available',
          toolCallId: id,
          toolName: 'tool',
          input: text,
        });
        break;
      case 'preliminary':
        callOf(id);
        chunks.push({
          ...{ type: 'tool-output-available', toolCallId: id, output: text, ...extra },
          preliminary: true,
        });
        break;
      case 'output':
        callOf(id);
        chunks.push({ type: 'tool-output-available', toolCallId: id, output: text });
        break;
      case 'data':
        chunks.push({ type: 'data-x', id, data: { text } });
        break;
      case 'unnamed':
        chunks.push({ type: 'data-x', data: { text } });
        break;
      case 'transient':
        chunks.push({ type: 'data-x', id, data: text, transient: true });
        break;
      case 'metadata':
        chunks.push({ type: 'message-metadata', messageMetadata: { [`m${id}`]: text } });
        break;
      case 'source':
        chunks.push({ type: 'source-url', sourceId: id, url: 'https://example.org' });
        break;
      case 'step':
        chunks.push({ type: 'finish-step' }, { type: 'start-step' });
        // Version 6 forgets them there, and the task has ended them before.
        for (const name of open) if (!name.startsWith('input')) open.delete(name);
        break;
      case 'reset':
        if (major === 6) break;
        chunks.push({ type: 'reset-step' });
        open.clear();
        calls.clear();
        break;
    }
  }
  return chunks;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(serverVersions)('a record, in AI SDK $version', ({ major, load }) => {
  let build: Awaited<ReturnType<ServerVersion['load']>>['buildMessage'];

  beforeAll(async () => {
    ({ buildMessage: build } = await load());
  });

  const messageOf = (chunks: Iterable<UIMessageChunk>, continued?: UIMessage) =>
    build({ continued, id: 'id', chunks });

  it('puts an output that comes after more of its input behind that', async () => {
    const output = { type: 'tool-output-available', toolCallId: 'a', preliminary: true } as const;
    const chunks: UIMessageChunk[] = [
      { type: 'tool-input-available', toolCallId: 'a', toolName: 'tool', input: {} },
      { ...output, output: 1 },
      { type: 'tool-input-start', toolCallId: 'a', toolName: 'tool' },
      { type: 'tool-input-delta', toolCallId: 'a', inputTextDelta: '{"x":' },
      { ...output, output: 2 },
    ];
    const message = await messageOf(recordOf(chunks).chunks());
    expect(JSON.stringify(message)).toBe(JSON.stringify(await messageOf(chunks)));
  });

  it('makes the same message as all chunks that were added', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const chunks = chunksOf(all, major);
        const expected = await messageOf(structuredClone(chunks));
        const message = await messageOf(recordOf(chunks).chunks());
        expect(JSON.stringify(message)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 300 },
    );
  });

  const call = (index: number, characters: number): UIMessageChunk[] => {
    const toolCallId = `call-${index}`;
    const input = { text: 'x'.repeat(characters) };
    const json = JSON.stringify(input);
    const pieces = json.match(/.{1,100}/g) ?? [];
    return [
      { type: 'tool-input-start', toolCallId, toolName: 'tool' },
      ...pieces.map(
        (inputTextDelta): UIMessageChunk => ({
          type: 'tool-input-delta',
          toolCallId,
          inputTextDelta,
        }),
      ),
      { type: 'tool-input-available', toolCallId, toolName: 'tool', input },
      { type: 'tool-output-available', toolCallId, output: input },
    ];
  };

  /** Two calls at a time, whose chunks alternate. */
  const callsOf = (count: number, characters: number): UIMessageChunk[] =>
    Array.from({ length: count / 2 }, (_, index) => {
      const [one, other] = [call(2 * index, characters), call(2 * index + 1, characters)];
      return one.flatMap((chunk, at) => [chunk, other[at] as UIMessageChunk]);
    }).flat();

  it('is built with work that grows with the message, and copies none of it', async () => {
    const clone = vi.spyOn(globalThis, 'structuredClone');
    const parse = vi.spyOn(JSON, 'parse');
    const workFor = async (count: number) => {
      const record = recordOf(callsOf(count, 3_000));
      parse.mockClear();
      const message = await messageOf(record.chunks());
      expect(message.parts).toHaveLength(count);
      return parse.mock.calls.reduce((sum, [text]) => sum + String(text).length, 0);
    };
    const one = await workFor(20);
    expect(await workFor(40)).toBeLessThan(2.2 * one);
    // The input in pieces and as a whole, and the output.
    expect(one).toBeLessThan(20 * 4 * 3_100);
    expect(clone).not.toHaveBeenCalled();
  });

  it('lets the event loop go on while the message of 300 large tool calls is built', async () => {
    const record = recordOf(callsOf(300, 30_000));
    let turns = 0;
    let isBuilding = true;
    const count = async () => {
      for (; isBuilding; turns++) await nextTurn();
    };
    const counting = count();
    const message = await messageOf(record.chunks());
    isBuilding = false;
    await counting;
    expect(message.parts).toHaveLength(300);
    expect(turns).toBeGreaterThan(5);
  });
});
