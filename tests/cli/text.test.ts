import { describe, expect, it } from 'vitest';
import { createAnswerText } from '../../src/cli/answer-text';
import { cleanJson, cleanLine, cleanText } from '../../src/cli/clean-text';
import { formatDuration } from '../../src/cli/format-duration';
import { nothingTold, plainProgress } from '../../src/cli/plain-progress';
import { firstOf, lastOf } from '../../src/cli/whole-characters';
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

describe('the text of an answer', () => {
  const printed = (chunks: { type: string; id?: string; delta?: string }[]) => {
    const pieces: string[] = [];
    const answer = createAnswerText({ write: (text) => pieces.push(text) });
    for (const chunk of chunks) answer.take(chunk);
    answer.end();
    return pieces;
  };
  const delta = (id: string, text: string) => ({ type: 'text-delta', id, delta: text });

  it('comes by whole characters, wherever it is cut', () => {
    const text = 'a\u{1f30a}b\u{1f468}\u200d\u{1f469}';
    for (let cut = 0; cut <= text.length; cut++) {
      const pieces = printed([delta('t', text.slice(0, cut)), delta('t', text.slice(cut))]);
      // Which throws for half a character.
      for (const piece of pieces) encodeURIComponent(piece);
      expect(pieces.join('')).toBe(`${text}\n`);
    }
    const units = text.split('').map((unit) => delta('t', unit));
    expect(printed(units).join('')).toBe(`${text}\n`);
  });

  it('waits for the other half within its own text', () => {
    const [high = '', low = ''] = '\u{1f30a}'.split('');
    const pieces = printed([delta('a', high), delta('b', 'x'), delta('a', low)]);
    expect(pieces.join('')).toBe('x\u{1f30a}\n');
  });

  it('leaves nothing out, not even half a character', () => {
    const end = { type: 'text-end', id: 'a' };
    expect(printed([delta('a', 'x\ud83c'), end]).join('')).toBe('x\ud83c\n');
    expect(printed([delta('a', 'x\ud83c')]).join('')).toBe('x\ud83c\n');
  });

  it('is cut to a width between characters', () => {
    expect([firstOf('a\u{1f30a}', 2), firstOf('a\u{1f30a}', 3), firstOf('a', -1)]).toEqual([
      'a',
      'a\u{1f30a}',
      '',
    ]);
    expect([lastOf('\u{1f30a}a', 2), lastOf('\u{1f30a}a', 3), lastOf('a', 0)]).toEqual([
      'a',
      '\u{1f30a}a',
      '',
    ]);
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

  /** The lines for one state after the other, all at the same time. */
  const linesOf = (states: ReturnType<typeof at>[]) => {
    const lines: string[] = [];
    let told = nothingTold;
    for (const state of states) {
      const next = plainProgress(told, state, 0, 0);
      told = next.told;
      lines.push(...next.lines);
    }
    return lines;
  };

  it('is told at each tenth of the way', () => {
    const states = Array.from({ length: 31 }, (_, value) => at(value));
    expect(linesOf(states)).toEqual([
      'Following task task-0123456789abcdef.',
      '0 %, 0 of 100',
      '10 %, 10 of 100',
      '20 %, 20 of 100',
      '30 %, 30 of 100',
    ]);
  });

  it('says when the task waits for a server, and does not say twice what it follows', () => {
    const waiting = { ...at(1), status: 'pending' as const };
    const heartbeat = {
      taskId: 'task-0123456789abcdef',
      at: 1,
      intervalMs: 1,
      waiting: true as const,
    };
    const states = [at(1), { ...waiting, heartbeat }, { ...waiting, heartbeat }, at(2)];
    expect(linesOf(states)).toEqual([
      'Following task task-0123456789abcdef.',
      '1 %, 1 of 100',
      'Waiting for a server to go on.',
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
