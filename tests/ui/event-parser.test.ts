import { describe, expect, it } from 'vitest';
import { createEventParser } from '../../src/ui/event-parser';

const text = [
  'retry: 1000\n\n',
  ': a comment\n',
  'id: 0-1\ndata: {"a":1}\n\n',
  'id:0-2\r\ndata:one\r\ndata: two\r\n\r\n',
  'event: x\rdata:  spaced\r\r',
  'id: 0-4\n\n',
  'data\nid: bad\0id\n\n',
  'data: \u2028 and "ü"\n\n',
  'database: no\nidea: no\n\n',
].join('');

const events = [
  { id: '0-1', data: '{"a":1}' },
  { id: '0-2', data: 'one\ntwo' },
  { id: undefined, data: ' spaced' },
  { id: undefined, data: '' },
  { id: undefined, data: '\u2028 and "ü"' },
];

describe('createEventParser', () => {
  it('finds the events of a stream that is split at any place', () => {
    for (let at = 0; at <= text.length; at++) {
      const parse = createEventParser();
      expect([...parse(text.slice(0, at)), ...parse(text.slice(at))], `at ${at}`).toEqual(events);
    }
  });

  it('finds the events of a stream that comes character by character', () => {
    const parse = createEventParser();
    expect(Array.from(text).flatMap((character) => parse(character))).toEqual(events);
  });

  it('returns an event with its blank line, not with the next event', () => {
    const parse = createEventParser();
    expect(parse('id: 0-1\ndata: x\n')).toEqual([]);
    expect(parse('\n')).toEqual([{ id: '0-1', data: 'x' }]);
  });

  it('returns nothing of an event that is cut off', () => {
    expect(createEventParser()('id: 0-1\ndata: {"a":1}\n')).toEqual([]);
  });
});
