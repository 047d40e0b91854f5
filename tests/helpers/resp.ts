/** One complete value in Redis' wire format, RESP2 or RESP3. */
export interface RespMessage {
  /** The byte that it begins with, such as `*` for an array and `>` for a push. */
  kind: string;
  value: RespValue;
  /** The bytes, as they came. */
  raw: Buffer;
}

/** Text of any kind as bytes, lists of any kind as arrays; a map is a list of keys and values. */
export type RespValue = Buffer | null | RespValue[];

/** Cuts a stream of bytes into values. */
export interface RespReader {
  /** The values that are complete with these bytes. */
  push(bytes: Buffer): RespMessage[];
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/, without streamed values. */
export function createRespReader(): RespReader {
  let rest: Buffer = Buffer.alloc(0);
  /** How many bytes there have to be before the next value can be complete. */
  let needed = 1;

  return {
    push(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const messages: RespMessage[] = [];
      while (rest.length >= needed) {
        const parsed = parse(rest, 0);
        if (typeof parsed === 'number') {
          needed = parsed;
          break;
        }
        const { kind, value, end } = parsed;
        messages.push({ kind, value, raw: rest.subarray(0, end) });
        rest = rest.subarray(end);
        needed = 1;
      }
      return messages;
    },
  };
}

interface Parsed {
  kind: string;
  value: RespValue;
  end: number;
}

/** The value that begins at `start`; or, where it is cut, how many bytes there have to be at least. */
function parse(bytes: Buffer, start: number): Parsed | number {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return bytes.length + 1;
  const kind = String.fromCharCode(bytes[start]!);
  const line = bytes.subarray(start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (kind) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '(':
    case '#':
      return { kind, value: line, end };
    case '_':
      return { kind, value: null, end };
    case '$':
    case '=':
    case '!': {
      const length = Number(line);
      if (length < 0) return { kind, value: null, end };
      const textEnd = end + length;
      if (bytes.length < textEnd + 2) return textEnd + 2;
      return { kind, value: bytes.subarray(end, textEnd), end: textEnd + 2 };
    }
    case '*':
    case '~':
    case '>':
      if (Number(line) < 0) return { kind, value: null, end };
      return parseList(bytes, { kind, start: end, count: Number(line) });
    case '%':
      return parseList(bytes, { kind, start: end, count: 2 * Number(line) });
    case '|': {
      // Attributes go before the value that they describe, and belong to it.
      const attributes = parseList(bytes, { kind, start: end, count: 2 * Number(line) });
      return typeof attributes === 'number' ? attributes : parse(bytes, attributes.end);
    }
    default:
      throw new Error(`No RESP value begins with ${JSON.stringify(kind)}.`);
  }
}

function parseList(
  bytes: Buffer,
  { kind, start, count }: { kind: string; start: number; count: number },
): Parsed | number {
  const value: RespValue[] = [];
  let end = start;
  while (value.length < count) {
    const item = parse(bytes, end);
    if (typeof item === 'number') return item;
    value.push(item.value);
    end = item.end;
  }
  return { kind, value, end };
}
