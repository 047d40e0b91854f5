import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor } from '../../src/protocol/cursor';

describe('cursors', () => {
  it('are written as epoch and number and read back the same', () => {
    expect(formatCursor(0, 41)).toBe('0-41');
    expect(parseCursor('0-41')).toEqual({ epoch: 0, n: 41 });
    expect(parseCursor(formatCursor(12, 0))).toEqual({ epoch: 12, n: 0 });
    expect(parseCursor('999999999999999-999999999999999')).toEqual({
      epoch: 999_999_999_999_999,
      n: 999_999_999_999_999,
    });
  });

  it.each([
    '',
    '0',
    '-',
    '0-',
    '-0',
    '0-0-0',
    '00-1',
    '0-01',
    '+0-1',
    '0--1',
    '0-1.5',
    '0-1e3',
    ' 0-1',
    '0-1 ',
    '0-1\n',
    'a-1',
    '0_1',
    '٠-١',
    '1000000000000000-0',
    '0-1000000000000000',
  ])('of another form, such as %j, are not read', (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });
});
