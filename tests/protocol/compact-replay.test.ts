import type { UIMessageChunk } from 'ai';
import { describe, expect, it } from 'vitest';
import { compactReplay, type NumberedFrame } from '../../src/protocol/compact-replay';
import { aiVersions } from '../helpers/ai-versions';
import { fc } from '../helpers/fast-check';

function compact(chunks: readonly unknown[], start = 0, end = chunks.length): NumberedFrame[] {
  return [...compactReplay((n) => JSON.stringify(chunks[n]), start, end)];
}

function compacted(chunks: readonly unknown[]): [number, unknown][] {
  return compact(chunks).map(({ n, data }) => [n, JSON.parse(data)]);
}

function text(delta: string, fields: Record<string, unknown> = {}) {
  return { type: 'text-delta', id: 't', delta, ...fields };
}

function snapshot(id: string, updatedAt: number) {
  const data = { taskId: id, status: 'running', createdAt: 0, updatedAt };
  return { type: 'data-task', id, data };
}

describe('compactReplay', () => {
  it('fuses neighbouring deltas of one part under the number of the last', () => {
    expect(compacted([text('a'), text('b'), text('c')])).toEqual([[2, text('abc')]]);
    expect(
      compacted([
        { type: 'reasoning-delta', id: 'r', delta: 'a' },
        { type: 'reasoning-delta', id: 'r', delta: 'b' },
        { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a"' },
        { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: ':1}' },
      ]),
    ).toEqual([
      [1, { type: 'reasoning-delta', id: 'r', delta: 'ab' }],
      [3, { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"a":1}' }],
    ]);
  });

  it('writes a fused delta in the order type, id, text, metadata', () => {
    const metadata = { providerMetadata: { p: { n: 1 } } };
    expect(compact([text('a', metadata), text('\u2028"')])).toEqual([
      {
        n: 1,
        data: '{"type":"text-delta","id":"t","delta":"a\u2028\\"","providerMetadata":{"p":{"n":1}}}',
      },
    ]);
  });

  it('sends a delta that has no neighbour byte by byte as it was', () => {
    const data = '{ "type" : "text-delta", "id":"t","delta":"a" }';
    expect([...compactReplay(() => data, 3, 4)]).toEqual([{ n: 3, data }]);
  });

  it('keeps parts and types apart', () => {
    const chunks = [
      text('a'),
      text('b', { id: 'u' }),
      text('c'),
      { type: 'reasoning-delta', id: 't', delta: 'd' },
      { type: 'tool-input-delta', toolCallId: 't', inputTextDelta: 'e' },
    ];
    expect(compacted(chunks)).toEqual(chunks.map((chunk, n) => [n, chunk]));
  });

  it.each([
    'text-start',
    'text-end',
    'data-task-log',
    'data-task-partial',
    'data-task-settle',
    'data-task-error',
    'error',
    'finish',
    'unheard-of',
  ])('fuses nothing across a %s, which is neither fused nor dropped', (type) => {
    const other = { type, id: 't' };
    expect(compacted([text('a'), other, other, text('b')])).toEqual([
      [0, text('a')],
      [1, other],
      [2, other],
      [3, text('b')],
    ]);
  });

  it('keeps the last providerMetadata that is not null', () => {
    const first = { p: { n: 1 } };
    const second = { p: { n: 2 } };
    const chunks = [
      text('a', { providerMetadata: first }),
      text('b', { providerMetadata: second }),
      text('c', { providerMetadata: null }),
      text('d'),
    ];
    expect(compacted(chunks)).toEqual([[3, text('abcd', { providerMetadata: second })]]);
  });

  it.each([
    text('b', { citations: [] }),
    text('b', { id: 7 }),
    text('b', { delta: 7 }),
    { type: 'text-delta', id: 't' },
    { type: 'tool-input-delta', toolCallId: 't', inputTextDelta: 'b', providerMetadata: {} },
  ])('leaves a delta alone whose keys or values it does not know: %j', (odd) => {
    expect(compacted([text('a'), odd, odd, text('c')])).toEqual([
      [0, text('a')],
      [1, odd],
      [2, odd],
      [3, text('c')],
    ]);
  });

  it('keeps the first and the newest snapshot of each task', () => {
    const chunks = [
      snapshot('a', 0),
      snapshot('b', 1),
      snapshot('a', 2),
      snapshot('a', 3),
      snapshot('c', 4),
      snapshot('b', 5),
      snapshot('b', 6),
      snapshot('a', 7),
    ];
    expect(compact(chunks).map(({ n }) => n)).toEqual([0, 1, 4, 6, 7]);
  });

  it('fuses deltas that become neighbours when a snapshot between them goes', () => {
    const chunks = [snapshot('a', 0), text('x'), snapshot('a', 1), text('y'), snapshot('a', 2)];
    expect(compacted(chunks)).toEqual([
      [0, snapshot('a', 0)],
      [3, text('xy')],
      [4, snapshot('a', 2)],
    ]);
  });

  it('keeps the first and the newest snapshot on each side of a step that is reset', () => {
    const reset = { type: 'reset-step' };
    const chunks = [
      { type: 'start-step' },
      snapshot('a', 0),
      snapshot('a', 1),
      snapshot('a', 2),
      reset,
      snapshot('a', 3),
      text('x'),
      snapshot('a', 4),
      snapshot('a', 5),
    ];
    expect(compact(chunks).map(({ n }) => n)).toEqual([0, 1, 3, 4, 5, 6, 8]);
  });

  it('looks at nothing outside the range that it was given', () => {
    const chunks = [snapshot('a', 0), text('a'), text('b'), text('c'), snapshot('a', 1)];
    expect(compact(chunks, 2, 4)).toEqual([{ n: 3, data: JSON.stringify(text('bc')) }]);
    expect(compact(chunks, 2, 2)).toEqual([]);
  });

  it('cuts a fused delta, so that no frame grows without bounds', () => {
    const chunks = Array.from({ length: 20 }, () => text('x'.repeat(100 * 1024)));
    const frames = compact(chunks);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.map(({ data }) => data.length).every((length) => length < 600 * 1024)).toBe(true);
    expect(frames.map(({ data }) => JSON.parse(data).delta).join('')).toBe('x'.repeat(2000 * 1024));
  });

  it('keeps every character that JSON escapes, wherever one delta ends and the next begins', () => {
    const character = fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\u0001',
      '/',
      '}',
      'a',
      'é',
      '\ud83d',
      '\ude00',
    );
    const text = fc.array(character, { maxLength: 5 }).map((characters) => characters.join(''));
    const id = fc.constantFrom('a', 'a"', '\\');
    fc.assert(
      fc.property(id, fc.array(text, { minLength: 1, maxLength: 8 }), (id, texts) => {
        const frames = texts.map((delta) => JSON.stringify({ type: 'text-delta', id, delta }));
        const replay = [...compactReplay((n) => frames[n] ?? '', 0, frames.length)];
        expect(replay.map(({ n, data }) => [n, JSON.parse(data)])).toEqual([
          [texts.length - 1, { type: 'text-delta', id, delta: texts.join('') }],
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('takes no delta for a plain one that has more behind its text', () => {
    const head = '{"type":"text-delta","id":"t","delta":"';
    const frames = [`${head}one"}`, `${head}two","later":"x"}`, `${head}three"}`];
    const replay = [...compactReplay((n) => frames[n] ?? '', 0, frames.length)];
    expect(replay).toEqual(frames.map((data, n) => ({ n, data })));
  });

  it('does not tear characters that were split between two deltas', () => {
    expect(compacted([text('\ud83d'), text('\ude00')])).toEqual([[1, text('😀')]]);
  });
});

/** One thing that a model or a task does next; where it makes no sense it does nothing. */
type Move =
  | {
      kind: 'start' | 'delta' | 'end';
      part: 'text' | 'reasoning' | 'tool';
      slot: number;
      text: string;
      metadata: number | null | undefined;
    }
  | { kind: 'snapshot'; slot: number }
  | { kind: 'log' | 'partial' | 'metadata' | 'odd' | 'reset' | 'step' };

const part = fc.constantFrom('text' as const, 'reasoning' as const, 'tool' as const);
const slot = fc.nat(1);

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'start' as const,
        'delta' as const,
        'delta' as const,
        'delta' as const,
        'delta' as const,
        'end' as const,
      ),
      part,
      slot,
      text: fc.string({ maxLength: 3, unit: 'binary' }),
      metadata: fc.option(fc.option(fc.nat(9), { nil: undefined }), { nil: null }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), slot }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'log' as const,
        'partial' as const,
        'metadata' as const,
        'odd' as const,
        'reset' as const,
        'step' as const,
      ),
    }),
  },
);

/** Turns moves into a stream of chunks that the AI SDK takes. */
function play(moves: readonly Move[], version: 6 | 7): UIMessageChunk[] {
  const chunks: unknown[] = [{ type: 'start', messageId: 'm' }, snapshot('root', 0)];
  const open = new Map<string, string>();
  let count = 0;
  for (const next of moves) {
    count++;
    switch (next.kind) {
      case 'start':
      case 'delta':
      case 'end': {
        const key = `${next.part}${next.slot}`;
        const id = open.get(key);
        const isTool = next.part === 'tool';
        const providerMetadata =
          next.metadata === undefined
            ? {}
            : { providerMetadata: next.metadata && { p: { n: next.metadata } } };
        if (next.kind === 'start' && id === undefined) {
          const newId = isTool ? `${key}-${count}` : key;
          open.set(key, newId);
          chunks.push(
            isTool
              ? { type: 'tool-input-start', toolCallId: newId, toolName: 'search' }
              : { type: `${next.part}-start`, id: newId },
          );
        } else if (next.kind === 'delta' && id !== undefined) {
          chunks.push(
            isTool
              ? { type: 'tool-input-delta', toolCallId: id, inputTextDelta: next.text }
              : { type: `${next.part}-delta`, id, delta: next.text, ...providerMetadata },
          );
        } else if (next.kind === 'end' && id !== undefined) {
          open.delete(key);
          chunks.push(
            isTool
              ? {
                  type: 'tool-input-available',
                  toolCallId: id,
                  toolName: 'search',
                  input: { count },
                }
              : { type: `${next.part}-end`, id },
          );
        }
        break;
      }
      case 'snapshot':
        chunks.push(snapshot(next.slot === 0 ? 'root' : 'inner', count));
        break;
      case 'log':
      case 'partial':
        chunks.push({
          type: `data-task-${next.kind}`,
          id: `root:${count}`,
          data: { taskId: 'root', index: count },
          transient: true,
        });
        break;
      case 'metadata':
        chunks.push({ type: 'message-metadata', messageMetadata: { [`key${count % 3}`]: count } });
        break;
      case 'odd': {
        const id = open.get('text0');
        if (id !== undefined) chunks.push({ type: 'text-delta', id, delta: 'odd', unknown: count });
        break;
      }
      case 'step':
        open.clear();
        chunks.push({ type: 'finish-step' }, { type: 'start-step' });
        break;
      case 'reset':
        if (version === 6) break;
        open.clear();
        chunks.push({ type: 'reset-step' });
        break;
    }
  }
  return chunks as UIMessageChunk[];
}

const isDelta = ({ type }: { type: string }) => /^(text|reasoning|tool-input)-delta$/.test(type);

describe.each(aiVersions)(
  'what AI SDK $version makes of a compacted replay',
  ({ version, readMessage }) => {
    const stream = fc.array(move, { maxLength: 60 }).map((moves) => play(moves, version));

    it('is the same message as of the full log', async () => {
      await fc.assert(
        fc.asyncProperty(stream, async (chunks) => {
          const frames = compact(chunks);
          const fewer = frames.map(({ data }) => JSON.parse(data) as UIMessageChunk);
          const errors: unknown[] = [];
          const onError = (error: unknown) => errors.push(error);
          expect(await readMessage(fewer, { onError })).toEqual(
            await readMessage(chunks, { onError }),
          );
          expect(errors).toEqual([]);
        }),
        { numRuns: 300 },
      );
    });

    it('is the same message after a cut anywhere and a compacted replay of the rest', async () => {
      await fc.assert(
        fc.asyncProperty(stream, fc.nat(), fc.nat(), async (chunks, cutSeed, endSeed) => {
          // The first connection sees a log that is still growing.
          const seen = 1 + (endSeed % chunks.length);
          const before = compact(chunks, 0, seen);
          const received = before.slice(0, 1 + (cutSeed % before.length));
          const rest = compact(chunks, (received.at(-1)?.n ?? -1) + 1);
          const all = [...received, ...rest].map(({ data }) => JSON.parse(data) as UIMessageChunk);
          expect(await readMessage(all)).toEqual(await readMessage(chunks));
        }),
        { numRuns: 300 },
      );
    });

    it('comes from frames whose numbers ascend, and of which only deltas and snapshots are fewer', () => {
      fc.assert(
        fc.property(stream, (chunks) => {
          const frames = compact(chunks);
          const numbers = frames.map(({ n }) => n);
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
          expect(numbers.at(-1)).toBe(chunks.length - 1);
          const isKept = (chunk: { type: string }) => chunk.type !== 'data-task' && !isDelta(chunk);
          const kept = frames.map(({ n, data }) => ({
            n,
            chunk: JSON.parse(data) as { type: string },
          }));
          expect(kept.filter(({ chunk }) => isKept(chunk))).toEqual(
            chunks.map((chunk, n) => ({ n, chunk })).filter(({ chunk }) => isKept(chunk)),
          );
          for (const { n, chunk } of kept) if (!isDelta(chunk)) expect(chunk).toEqual(chunks[n]);
          for (const type of ['text-delta', 'reasoning-delta', 'tool-input-delta']) {
            const textOf = (list: readonly unknown[]) =>
              (list as Record<string, string>[])
                .filter((chunk) => chunk.type === type)
                .map((chunk) => chunk.delta ?? chunk.inputTextDelta)
                .join('');
            expect(textOf(kept.map(({ chunk }) => chunk))).toBe(textOf(chunks));
          }
        }),
        { numRuns: 300 },
      );
    });
  },
);
