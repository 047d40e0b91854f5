import {
  type ResumableStreamContext,
  type ToResumableStreamContextOptions,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { vi } from 'vitest';
import { until } from '../../helpers/async';
import { createOwnContext } from '../../helpers/tasks';

/** A source that gives what the test sends. */
export function createSource(strings: readonly string[] = []) {
  let controller: ReadableStreamDefaultController<string> | undefined;
  const onCancel = vi.fn();
  const stream = new ReadableStream<string>({
    start(given) {
      controller = given;
      for (const text of strings) given.enqueue(text);
    },
    cancel: onCancel,
  });
  return {
    stream,
    onCancel,
    makeStream: vi.fn(() => stream),
    send: (text: string) => controller?.enqueue(text),
    close: () => controller?.close(),
    fail: (error: unknown) => controller?.error(error),
  };
}

export async function readAll(stream: ReadableStream<string> | null | undefined): Promise<string> {
  if (!stream) throw new Error(`There is no stream, but ${stream}.`);
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}

/** Reads until so many characters have come, and goes on reading with the next call. */
export function createTextReader(stream: ReadableStream<string> | null | undefined) {
  if (!stream) throw new Error(`There is no stream, but ${stream}.`);
  const reader = stream.getReader();
  let text = '';
  return {
    async until(length: number) {
      while (text.length < length) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`The stream ended after: ${text}`);
        text += value;
      }
      return text;
    },
    async rest() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += value;
      }
    },
    leave: () => reader.cancel(),
  };
}

export function createOurs(
  options: ToResumableStreamContextOptions = {},
  context = createOwnContext(),
) {
  return toResumableStreamContext(context, { onError: () => {}, ...options });
}

/** Resolves once the context says that the stream is over. */
export function isOver(context: ResumableStreamContext, streamId: string): Promise<void> {
  return until(async () => (await context.hasExistingStream(streamId)) === 'DONE');
}
