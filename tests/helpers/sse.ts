import type { UIMessageChunk } from 'ai';
import { relativeIds } from './cursors';

/** One event of a response's body, as it stands on the wire. */
export interface WireFrame {
  /** The `id:` line, if there is one. */
  id: string | undefined;
  /** The text after `data: `. */
  data: string;
}

/** Splits SSE text into its events; throws on anything that our server would not send. */
export function parseFrames(text: string): WireFrame[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error(`The text ends in a frame: ${text}`);
  return text
    .split('\n\n')
    .filter((event) => event !== '' && event !== 'retry: 1000')
    .map((event) => {
      const match = /^(?:id: (\d+-\d+)\n)?data: ([^\n\r]*)$/.exec(event);
      if (!match) throw new Error(`This is not a frame: ${event}`);
      return { id: match[1], data: match[2] ?? '' };
    });
}

/** The chunks of SSE text, without `[DONE]`. */
export function chunksIn(text: string): UIMessageChunk[] {
  return parseFrames(text)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as UIMessageChunk);
}

/** The chunks of SSE text that are stored: those that carry an id. */
export function storedChunksIn(text: string): UIMessageChunk[] {
  return parseFrames(text)
    .filter(({ id }) => id !== undefined)
    .map(({ data }) => JSON.parse(data) as UIMessageChunk);
}

export function typesIn(text: string): string[] {
  return storedChunksIn(text).map(({ type }) => type);
}

export function cursorsIn(text: string): string[] {
  return parseFrames(text).flatMap(({ id }) => id ?? []);
}

/** The SSE text after the frame with this cursor, which may be relative to the first epoch. */
export function textAfter(text: string, cursor: string): string {
  const start = relativeIds(text).includes(`id: ${cursor}\n`)
    ? text.search(new RegExp(`^id: \\d+${cursor.slice(cursor.indexOf('-'))}\n`, 'm'))
    : text.indexOf(`id: ${cursor}\n`);
  if (start < 0) throw new Error(`There is no frame ${cursor} in: ${text}`);
  return text.slice(text.indexOf('\n\n', start) + 2);
}

/** Drops heartbeats, which are the one thing that differs between two readings of a log. */
export function withoutHeartbeats(text: string): string {
  return text.replace(/data: \{"type":"data-task-heartbeat"[^\n]*\n\n/g, '');
}

/** A body, write by write. */
export interface WriteReader {
  /** The next write as text; `undefined` at the end. */
  next(): Promise<string | undefined>;
  /** Reads until the text so far matches, and returns that text. Throws at the end. */
  until(pattern: RegExp | string): Promise<string>;
  /** Reads to the end, and gives all text so far. */
  rest(): Promise<string>;
  leave(): Promise<void>;
}

export function readWrites(response: Response): WriteReader {
  if (!response.body) throw new Error('The response has no body.');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const next = async () => {
    const { done, value } = await reader.read();
    if (done) return undefined;
    const write = decoder.decode(value, { stream: true });
    text += write;
    return write;
  };
  return {
    next,
    async until(pattern) {
      const matches = () =>
        typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
      while (!matches()) {
        if ((await next()) === undefined) throw new Error(`${pattern} never came: ${text}`);
      }
      return text;
    },
    async rest() {
      while ((await next()) !== undefined) {
        // `next` adds each write to `text`.
      }
      return text;
    },
    leave: () => reader.cancel(),
  };
}
