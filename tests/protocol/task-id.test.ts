import { describe, expect, it } from 'vitest';
import { createTaskId, isTaskId } from '../../src/protocol/task-id';

describe('taskIds', () => {
  it.each(['a'.repeat(16), 'Z'.repeat(128), '0123456789_-abcd'])('may look like %s', (id) => {
    expect(isTaskId(id)).toBe(true);
  });

  it.each([
    '',
    'a'.repeat(15),
    'a'.repeat(129),
    `${'a'.repeat(15)}.`,
    `${'a'.repeat(15)}/`,
    `${'a'.repeat(16)}\n`,
    `${'a'.repeat(16)} `,
    'ä'.repeat(16),
    undefined,
    null,
    1234567890123456,
    ['a'.repeat(16)],
  ])('may not be %j', (id) => {
    expect(isTaskId(id)).toBe(false);
  });

  it('are made of 128 random bits and never come twice', () => {
    const ids = new Set(Array.from({ length: 1_000 }, createTaskId));
    expect(ids.size).toBe(1_000);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(isTaskId(id)).toBe(true);
    }
  });
});
