import { describe, expect, it } from 'vitest';
import { compactReplay } from '../../src/protocol/compact-replay';
import { fc } from '../helpers/fast-check';
import { compact, snapshot, text } from './compacted';

function compacted(chunks: readonly unknown[]): [number, unknown][] {
  return compact(chunks).map(({ n, data }) => [n, JSON.parse(data)]);
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
    'data-task-checkpoint',
    'data-task-rewind',
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

  it.each(['data-task-checkpoint', 'data-task-rewind'])(
    'keeps the first and the newest snapshot on each side of a %s (R-REPLAY-2)',
    (type) => {
      const border = { type, data: { taskId: 'a' }, transient: true };
      const snapshots = [0, 1, 2, 3, 4, 5].map((at) => snapshot('a', at));
      const chunks = [...snapshots.slice(0, 3), border, border, ...snapshots.slice(3)];
      expect(compact(chunks).map(({ n }) => n)).toEqual([0, 2, 3, 4, 5, 7]);
    },
  );

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
