import { describe, expect, it } from 'vitest';
import { cleanJson, cleanLine, cleanText } from '../../src/cli/clean-text';
import { formatDuration } from '../../src/cli/format-duration';
import { nothingTold, plainProgress } from '../../src/cli/plain-progress';
import { createCore, deriveState } from '../../src/ui/task-stream-state';

describe('text of a server', () => {
  it('shows controls and marks that reorder text, and keeps line breaks', () => {
    expect(cleanText('a\x1b[1m\x07\x7f\x9b\u202eb\r\n\tc é 日本 🌊')).toBe(
      'a\\x1b[1m\\x07\\x7f\\x9b\\u202eb\\x0d\n\tc é 日本 🌊',
    );
  });

  it('fits into one line where it must', () => {
    expect(cleanLine('a\r\nb\n\nc\td')).toBe('a b c d');
  });

  it('means the same as JSON that has no controls', () => {
    const value = { text: 'a\x1b\x7f\x9b\u202e\u2028\n', list: [1, undefined] };
    const json = cleanJson(value, 2);
    expect(json).toMatch(/^[\x20-\x7e\n]*$/);
    expect(JSON.parse(json)).toEqual({ text: value.text, list: [1, null] });
    expect(cleanJson(undefined)).toBe('null');
  });
});

it.each([
  [0, '0.0 s'],
  [-3_599_171, '0.0 s'],
  [Number.NaN, '0.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [3_600_000 + 125_000, '1 h 2 min'],
])('writes %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

describe('progress without a terminal', () => {
  const core = createCore<unknown, unknown>('task-0123456789abcdef');
  const at = (value: number, message?: string) =>
    deriveState({
      ...core,
      connection: 'connected',
      task: { ...core.task, status: 'running', progress: { value, total: 100, message } },
    });

  it('is told at each tenth of the way', () => {
    const lines: string[] = [];
    let told = nothingTold;
    for (let value = 0; value <= 30; value++) {
      const next = plainProgress(told, at(value), 0, 0);
      told = next.told;
      lines.push(...next.lines);
    }
    expect(lines).toEqual([
      'Following task task-0123456789abcdef.',
      '0 %, 0 of 100',
      '10 %, 10 of 100',
      '20 %, 20 of 100',
      '30 %, 30 of 100',
    ]);
  });

  it('is told within a tenth after a while, and connections at once', () => {
    const { told } = plainProgress(nothingTold, at(1, 'a'), 0, 0);
    expect(plainProgress(told, at(2, 'b'), 4_999, 0).lines).toEqual([]);
    expect(plainProgress(told, at(2, 'b'), 5_000, 0).lines).toEqual(['2 %, b']);
    const cut = plainProgress(told, { ...at(1), connection: 'reconnecting' }, 1, 0);
    expect(cut.lines).toEqual(['Connection lost, trying again.']);
    expect(plainProgress(cut.told, at(1), 2, 0).lines).toEqual(['Connected again.']);
  });
});
