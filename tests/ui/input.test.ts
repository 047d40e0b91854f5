import { describe, expect, it } from 'vitest';
import { recording, taskId } from '../helpers/recording';
import { eventStream } from '../helpers/scripted-fetch';
import { createStore } from './helpers';

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}
class Point {
  x = 1;
  y = 2;
}
class Rows extends Map<string, number> {
  readonly name = 'rows';
}

/** What a start with that input comes to, and the body that the server would get. */
async function start(
  input: unknown,
  transformer?: Parameters<typeof createStore>[0]['transformer'],
) {
  const bodies: unknown[] = [];
  const { store } = createStore({
    api: '/api/task',
    transformer,
    async fetch(_, init) {
      bodies.push(JSON.parse(String(init?.body)));
      return eventStream(recording.bytesAfter(), { end: true });
    },
  });
  const end = await store.start(input, { taskId });
  return { error: end.status === 'unsettled' ? end.error : undefined, bodies };
}

describe('an input that JSON would make something else of', () => {
  it.each([
    ['a map', new Map([[1, 2]]), 'input'],
    ['a set', { tags: new Set(['a']) }, 'tags'],
    ['a map with fields', { rows: [1, new Rows()] }, '1'],
    ['an object with private fields only', { price: { total: new Money(5) } }, 'total'],
    ['an error', { reason: new Error('Lost') }, 'reason'],
    ['a promise', { later: Promise.resolve(1) }, 'later'],
    ['bytes', { image: new Uint8Array(2) }, 'image'],
    ['a buffer', { image: new ArrayBuffer(2) }, 'image'],
    ['a file', { file: new Blob(['a']) }, 'file'],
    ['a form', new FormData(), 'input'],
    ['a regular expression', { pattern: /a/ }, 'pattern'],
    ['a function', () => 1, 'input'],
    ['a symbol', Symbol('a'), 'input'],
    ['what makes a map of itself', { toJSON: () => new Map() }, 'input'],
  ])('is told instead of being sent: %s', async (_, input, name) => {
    const { error, bodies } = await start(input);
    expect(error).toMatchObject({ code: 'unserializable' });
    expect(error?.message).toContain(`\`${name}\` is [object `);
    expect(error?.message).toContain('Use a transformer.');
    expect(bodies).toEqual([]);
  });

  it('is told, too, where JSON itself throws', async () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    for (const input of [1n, { a: [2n] }, circle]) {
      const { error, bodies } = await start(input);
      expect(error).toMatchObject({ code: 'unserializable' });
      expect(error?.message).toMatch(/BigInt|circular/);
      expect(bodies).toEqual([]);
    }
  });

  it('passes with a transformer', async () => {
    const transformer = {
      stringify: (value: unknown) => JSON.stringify([...(value as Map<number, number>)]),
      parse: JSON.parse,
    };
    const { error, bodies } = await start(new Map([[1, 2]]), transformer);
    expect(error).toBeUndefined();
    expect(bodies).toEqual([{ taskId, input: '[[1,2]]' }]);
  });

  it('is none of those that are known to be written so', async () => {
    const input = {
      at: new Date(0),
      url: new URL('https://example.com/'),
      point: new Point(),
      bare: Object.assign(Object.create(null), { a: 1 }),
      empty: {},
      list: [[], new Array(2)],
      boxed: [Object(1), Object('a'), Object(true)],
      left: [undefined, () => 1, Number.NaN, null],
      twice: [Number, 1],
    };
    const { error, bodies } = await start(input);
    expect(error).toBeUndefined();
    expect(bodies).toEqual([{ taskId, input: JSON.parse(JSON.stringify(input)) }]);
    expect((await start(undefined)).bodies).toEqual([{ taskId }]);
  });
});
