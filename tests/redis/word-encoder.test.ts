import { expect, it } from 'vitest';
import { createWordEncoder } from '../../src/server/redis/word-encoder';

const long = (text: string) => text.repeat(5_000);

function textsOf(words: readonly (string | Buffer)[]): string[] {
  return words.map((word) => word.toString());
}

it('leaves short words as they are, and sends long ones as bytes', () => {
  const { words } = createWordEncoder().encode(['XADD', 'key', long('a')]);
  expect(words.slice(0, 2)).toEqual(['XADD', 'key']);
  expect(words[2]).toBeInstanceOf(Buffer);
});

it.each([
  ['ASCII', long('abc')],
  ['Latin 1', long('é')],
  ['three bytes a character', long('→')],
  ['pairs of surrogates', long('😀')],
  ['too long for the memory that is kept', 'x→'.repeat(1_000_000)],
])('encodes %s', (_name, text) => {
  const words = ['a', text, '', text, long('end')];
  expect(textsOf(createWordEncoder().encode(words).words)).toEqual(words);
});

it('uses memory again only once it was given back', () => {
  const encoder = createWordEncoder();
  const first = encoder.encode([long('a')]);
  const second = encoder.encode([long('b')]);
  expect(textsOf(first.words)).toEqual([long('a')]);
  first.release();
  const third = encoder.encode([long('c')]);
  expect(textsOf(second.words)).toEqual([long('b')]);
  expect(textsOf(third.words)).toEqual([long('c')]);
  const bufferOf = ([word]: readonly (string | Buffer)[]) => (word as Buffer).buffer;
  expect(bufferOf(third.words)).toBe(bufferOf(first.words));
  expect(bufferOf(second.words)).not.toBe(bufferOf(first.words));
});

it('gives memory back once', () => {
  const encoder = createWordEncoder();
  const first = encoder.encode([long('a')]);
  first.release();
  first.release();
  const second = encoder.encode([long('b')]);
  const third = encoder.encode([long('c')]);
  expect(textsOf([...second.words, ...third.words])).toEqual([long('b'), long('c')]);
});
