import { describe, expect, it } from 'vitest';
import { encodeChunk } from '../../../src/server/task/encode-chunk';
import { fc } from '../../helpers/fast-check';

const encode = (chunk: object) => encodeChunk(chunk, 'chunk', chunk);

describe('a chunk as JSON', () => {
  it('is what JSON.stringify makes of it, whatever the text of a delta holds', () => {
    const character = fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\u0000', '\u007f', '\u2028', 'é', '語', '\ud83d', '\ude00'),
      fc.string({ maxLength: 3, unit: 'binary' }),
    );
    const text = fc.array(character, { maxLength: 6 }).map((characters) => characters.join(''));
    const type = fc.constantFrom('text-delta', 'reasoning-delta');
    fc.assert(
      fc.property(type, text, text, (type, id, delta) => {
        const chunk = { type, id, delta };
        expect(encode(chunk)).toBe(JSON.stringify(chunk));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps what a delta has beside its text, and leaves out what JSON does', () => {
    const delta = { type: 'text-delta', id: 't', delta: 'x' };
    for (const chunk of [
      { ...delta, providerMetadata: { own: { n: 1 } } },
      { ...delta, providerMetadata: undefined },
      { ...delta, later: true },
      { type: 'text-delta', delta: 'x' },
      { type: 'tool-input-delta', toolCallId: 't', inputTextDelta: 'x' },
    ]) {
      expect(encode(chunk)).toBe(JSON.stringify(chunk));
    }
  });

  it('lets a chunk say what it is as JSON', () => {
    class Own {
      type = 'text-delta';
      id = 't';
      delta = 'x';
      toJSON() {
        return { type: 'text-delta', id: 't', delta: 'y' };
      }
    }
    expect(encode(new Own())).toBe('{"type":"text-delta","id":"t","delta":"y"}');
  });
});
