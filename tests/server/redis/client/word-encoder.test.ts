import { expect, it } from 'vitest';
import { createWordEncoder } from '../../../../src/server/redis/client/word-encoder';

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

/** Words of which two do not find room in the same memory. */
const half = (letter: string) => letter.repeat(300_000);
const bufferOf = ([word]: readonly (string | Buffer)[]) => (word as Buffer).buffer;

it('uses memory again only once all who had it gave it back', () => {
  const encoder = createWordEncoder();
  const first = encoder.encode([long('a')]);
  const second = encoder.encode([half('b')]);
  const third = encoder.encode([half('c')]);
  expect(bufferOf(second.words)).toBe(bufferOf(first.words));
  expect(bufferOf(third.words)).not.toBe(bufferOf(first.words));

  first.release();
  const fourth = encoder.encode([half('d')]);
  expect(textsOf([...second.words, ...third.words])).toEqual([half('b'), half('c')]);
  expect(bufferOf(fourth.words)).not.toBe(bufferOf(second.words));

  second.release();
  const fifth = encoder.encode([half('e')]);
  expect(bufferOf(fifth.words)).toBe(bufferOf(second.words));
  expect(textsOf([...third.words, ...fourth.words, ...fifth.words])).toEqual([
    half('c'),
    half('d'),
    half('e'),
  ]);
});

it('gives memory back once', () => {
  const encoder = createWordEncoder();
  const first = encoder.encode([long('a')]);
  const second = encoder.encode([long('b')]);
  first.release();
  first.release();
  const third = encoder.encode([long('c')]);
  expect(textsOf([...second.words, ...third.words])).toEqual([long('b'), long('c')]);
});

it('keeps the words of many commands at once apart', () => {
  const encoder = createWordEncoder();
  const commands = Array.from({ length: 300 }, (_, n) => ({
    text: `${n} `.repeat(2_000),
    encoded: encoder.encode(['SET', `${n}`, `${n} `.repeat(2_000)]),
  }));
  for (const { encoded } of commands.filter((_, n) => n % 3 === 0)) encoded.release();
  for (let n = 0; n < 50; n++) encoder.encode([long(`${n}`)]);
  for (const [n, { text, encoded }] of commands.entries()) {
    if (n % 3 !== 0) expect(encoded.words[2]?.toString()).toBe(text);
  }
});
