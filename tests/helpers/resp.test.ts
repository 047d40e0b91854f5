import { describe, expect, it } from 'vitest';
import { createReplyMatcher, toCommand } from './redis-replies';
import { createRespReader, type RespValue } from './resp';

const wire = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':12\r\n',
  '$5\r\na\r\nbc\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*3\r\n$1\r\na\r\n*1\r\n:1\r\n$0\r\n\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '(123\r\n',
  '=7\r\ntxt:abc\r\n',
  '!5\r\nERR x\r\n',
  '~1\r\n+a\r\n',
  '%1\r\n+key\r\n%1\r\n+a\r\n:1\r\n',
  '|1\r\n+ttl\r\n:1\r\n+described\r\n',
  '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n\u{1f600}\r\n',
];
const values = [
  'OK',
  'ERR no',
  '12',
  'a\r\nbc',
  null,
  null,
  [],
  ['a', ['1'], ''],
  null,
  't',
  '1.5',
  '123',
  'txt:abc',
  'ERR x',
  ['a'],
  ['key', ['a', '1']],
  'described',
  ['message', 'c', '\u{1f600}'],
];

describe('the reader of what passes the proxy', () => {
  it('cuts RESP2 and RESP3 into values, wherever the bytes are split', () => {
    const bytes = Buffer.from(wire.join(''));
    for (let at = 0; at <= bytes.length; at++) {
      const reader = createRespReader();
      const messages = [bytes.subarray(0, at), bytes.subarray(at)].flatMap(reader.push);
      expect(messages.map(({ raw }) => raw.toString())).toEqual(wire);
      expect(messages.map(({ value }) => toText(value))).toEqual(values);
    }
  });

  it('does so byte by byte', () => {
    const reader = createRespReader();
    const messages = [...Buffer.from(wire.join(''))].flatMap((byte) =>
      reader.push(Buffer.from([byte])),
    );
    expect(messages.map(({ raw }) => raw.toString())).toEqual(wire);
  });
});

describe('the matcher of answers to commands', () => {
  it('tells messages and confirmations of RESP2 from answers', () => {
    expect(
      answersTo(
        ['get a', 'subscribe b c', 'ping', 'unsubscribe', 'get d'],
        [
          '$1\r\nx\r\n',
          confirmation('*', 'subscribe', 'b', 1),
          message('*', 'b'),
          confirmation('*', 'subscribe', 'c', 2),
          '*2\r\n$4\r\npong\r\n$0\r\n\r\n',
          confirmation('*', 'unsubscribe', 'b', 1),
          confirmation('*', 'unsubscribe', 'c', 0),
          message('*', 'x'),
        ],
      ),
    ).toEqual(['GET', '', 'message b', 'SUBSCRIBE', 'PING', 'UNSUBSCRIBE', '', 'GET']);
  });

  it('tells the pushes of RESP3 from answers, also among them', () => {
    expect(
      answersTo(
        ['ssubscribe b', 'eval', 'ping', 'subscribe c'],
        [
          confirmation('>', 'ssubscribe', 'b', 1),
          message('>', 'b'),
          // A list that looks like a message is no message, once pushes are marked.
          message('*', 'b'),
          '>2\r\n$10\r\ninvalidate\r\n*0\r\n',
          '+PONG\r\n',
          '-NOPERM no\r\n',
        ],
      ),
    ).toEqual(['SSUBSCRIBE', 'message b', 'EVAL', '', 'PING', 'SUBSCRIBE']);
  });
});

/** What each value from Redis is: a message, the answer to a command, or neither. */
function answersTo(commands: string[], replies: string[]): string[] {
  const matcher = createReplyMatcher<undefined>();
  for (const command of commands) {
    matcher.sent(toCommand(command.split(' ').map((part) => Buffer.from(part))), undefined);
  }
  return createRespReader()
    .push(Buffer.from(replies.join('')))
    .map((reply) => {
      const { message, answered } = matcher.received(reply);
      return message ? `message ${message.channel}` : (answered?.command[0] ?? '');
    });
}

function confirmation(kind: string, name: string, channel: string, count: number): string {
  return `${kind}3\r\n$${name.length}\r\n${name}\r\n$1\r\n${channel}\r\n:${count}\r\n`;
}

function message(kind: string, channel: string): string {
  return `${kind}3\r\n$7\r\nmessage\r\n$1\r\n${channel}\r\n$1\r\n1\r\n`;
}

function toText(value: RespValue): unknown {
  return Array.isArray(value) ? value.map(toText) : (value?.toString() ?? null);
}
