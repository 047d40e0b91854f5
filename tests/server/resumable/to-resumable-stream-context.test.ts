import * as ai7 from 'ai';
import { TaskError } from 'ai-task-stream';
import {
  cancelTask,
  type ResumableStreamContext,
  type TaskLog,
  type TaskStreamContext,
  type ToResumableStreamContextOptions,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import * as ai6 from 'ai-v6';
import type { ResumableStreamContext as TheirContext } from 'resumable-stream';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createId, createOwnContext } from '../../helpers/tasks';

/** A source that gives what the test sends. */
function createSource(strings: readonly string[] = []) {
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

async function readAll(stream: ReadableStream<string> | null | undefined): Promise<string> {
  if (!stream) throw new Error(`There is no stream, but ${stream}.`);
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}

/** Reads until so many characters have come, and goes on reading with the next call. */
function createTextReader(stream: ReadableStream<string> | null | undefined) {
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

function createOurs(options: ToResumableStreamContextOptions = {}, context = createOwnContext()) {
  return toResumableStreamContext(context, { onError: () => {}, ...options });
}

/** A context whose logs the test changes. */
function withLog(context: TaskStreamContext, change: (log: TaskLog) => TaskLog): TaskStreamContext {
  return {
    ...context,
    async open(taskId, options) {
      const log = await context.open(taskId, options);
      return log && change(log);
    },
  };
}

/** Resolves once the context says that the stream is over. */
function isOver(context: ResumableStreamContext, streamId: string): Promise<void> {
  return until(async () => (await context.hasExistingStream(streamId)) === 'DONE');
}

type WaitUntil = (promise: Promise<unknown>) => void;

describe.each([
  {
    name: '`resumable-stream` itself',
    create: (waitUntil: WaitUntil = () => {}): ResumableStreamContext =>
      createResumableStreamContext({ waitUntil, ...createMemoryBus().createClients() }),
  },
  {
    name: 'a memory context',
    create: (waitUntil: WaitUntil = () => {}): ResumableStreamContext => createOurs({ waitUntil }),
  },
])('the interface of `resumable-stream`, given by $name', ({ create }) => {
  const streamId = 'a stream';

  it('knows nothing of a stream that never was', async () => {
    const context = create();
    expect(await context.hasExistingStream(streamId)).toBe(null);
    expect(await context.resumeExistingStream(streamId)).toBe(undefined);
  });

  it.each(['resumableStream', 'createNewResumableStream'] as const)(
    'creates a stream by %s, and gives it from its start',
    async (create_) => {
      const context = create();
      const source = createSource(['one ', 'two ']);
      const stream = await context[create_](streamId, source.makeStream);
      expect(source.makeStream).toHaveBeenCalledTimes(1);
      source.send('three');
      source.close();
      expect(await readAll(stream)).toBe('one two three');
    },
  );

  it('resumes what is in progress, from its start and onwards', async () => {
    const context = create();
    const source = createSource(['one ']);
    const own = await context.createNewResumableStream(streamId, source.makeStream);
    expect(await context.hasExistingStream(streamId)).toBe(true);
    const first = createTextReader(await context.resumeExistingStream(streamId));
    expect(await first.until(4)).toBe('one ');
    source.send('two ');
    expect(await first.until(8)).toBe('one two ');
    const second = createTextReader(await context.resumeExistingStream(streamId));
    expect(await second.until(8)).toBe('one two ');
    source.send('three');
    source.close();
    expect(await Promise.all([first.rest(), second.rest(), readAll(own)])).toEqual([
      'one two three',
      'one two three',
      'one two three',
    ]);
  });

  it('joins by resumableStream what is in progress, without a second source', async () => {
    const context = create();
    const source = createSource(['one ']);
    const first = await context.resumableStream(streamId, source.makeStream);
    const other = createSource();
    const second = createTextReader(await context.resumableStream(streamId, other.makeStream));
    await second.until(4);
    source.send('two');
    source.close();
    expect(await readAll(first)).toBe('one two');
    expect(await second.rest()).toBe('one two');
    expect(other.makeStream).not.toHaveBeenCalled();
  });

  it('leaves out as many characters as the reader has', async () => {
    const context = create();
    const source = createSource(['Grüße ', '漢字 ', '😀']);
    const own = createTextReader(
      await context.createNewResumableStream(streamId, source.makeStream),
    );
    const whole = 'Grüße 漢字 😀';
    await own.until(whole.length);
    const readers: ReturnType<typeof createTextReader>[] = [];
    // Not in the midst of a character, which their clients would not bring over the wire.
    for (let skip = 0; skip < whole.length - 1; skip++) {
      readers.push(createTextReader(await context.resumeExistingStream(streamId, skip)));
      expect(await readers[skip]?.until(whole.length - skip)).toBe(whole.slice(skip));
    }
    const joined = createTextReader(
      await context.resumableStream(streamId, source.makeStream, whole.length - 2),
    );
    expect(await joined.until(2)).toBe('😀');
    source.send(' end');
    source.close();
    for (const [skip, reader] of readers.entries()) {
      expect(await reader.rest()).toBe(`${whole} end`.slice(skip));
    }
    expect(await joined.rest()).toBe('😀 end');
    await own.rest();
  });

  it('answers null for what is over, and creates it no second time by resumableStream', async () => {
    const context = create();
    const source = createSource(['all']);
    source.close();
    expect(await readAll(await context.resumableStream(streamId, source.makeStream))).toBe('all');
    await isOver(context, streamId);
    const again = createSource();
    expect(await context.resumeExistingStream(streamId)).toBe(null);
    expect(await context.resumableStream(streamId, again.makeStream)).toBe(null);
    expect(again.makeStream).not.toHaveBeenCalled();
  });

  it('pumps the source to its end when nobody reads', async () => {
    const context = create();
    const pulled: number[] = [];
    const source = new ReadableStream<string>({
      pull(controller) {
        if (pulled.length === 1_000) controller.close();
        else controller.enqueue(String(pulled.push(pulled.length)));
      },
    });
    await context.createNewResumableStream(streamId, () => source);
    await isOver(context, streamId);
    expect(pulled).toHaveLength(1_000);
  });

  it('goes on when a reader leaves', async () => {
    const context = create();
    const source = createSource(['one ']);
    const own = createTextReader(
      await context.createNewResumableStream(streamId, source.makeStream),
    );
    const leaving = createTextReader(await context.resumeExistingStream(streamId));
    const staying = createTextReader(await context.resumeExistingStream(streamId));
    await Promise.all([own.until(4), leaving.until(4), staying.until(4)]);
    await own.leave();
    await leaving.leave();
    source.send('two');
    source.close();
    expect(await staying.rest()).toBe('one two');
    expect(source.onCancel).not.toHaveBeenCalled();
  });

  it('keeps the instance alive until the stream is over', async () => {
    const awaited: Promise<unknown>[] = [];
    const context = create((promise) => awaited.push(promise));
    const source = createSource();
    await context.createNewResumableStream(streamId, source.makeStream);
    expect(awaited).toHaveLength(1);
    let isDone = false;
    awaited[0]?.then(() => {
      isDone = true;
    });
    await turns();
    expect(isDone).toBe(false);
    source.close();
    await awaited[0];
  });
});

describe('toResumableStreamContext', () => {
  it('has the type of their contexts, and they have the type of ours', () => {
    const ours: TheirContext = createOurs();
    const theirs: ResumableStreamContext = createResumableStreamContext({
      waitUntil: null,
      ...createMemoryBus().createClients(),
    });
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  });

  it('creates a stream once: a second time it is resumed, and null when it is over', async () => {
    const context = createOurs();
    const source = createSource(['one ']);
    const first = await context.createNewResumableStream('id', source.makeStream);
    const other = createSource();
    const second = createTextReader(
      await context.createNewResumableStream('id', other.makeStream, 2),
    );
    expect(await second.until(2)).toBe('e ');
    source.send('two');
    source.close();
    expect([await readAll(first), await second.rest()]).toEqual(['one two', 'e two']);
    expect(await context.createNewResumableStream('id', other.makeStream)).toBe(null);
    expect(other.makeStream).not.toHaveBeenCalled();
  });

  it('lets one of many win who create it at the same time', async () => {
    const context = createOurs();
    const source = createSource(['once']);
    source.close();
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => context.resumableStream('id', source.makeStream)),
    );
    expect(source.makeStream).toHaveBeenCalledTimes(1);
    for (const stream of streams) if (stream) expect(await readAll(stream)).toBe('once');
  });

  it('replays what is over, from any place, with `replayAfterEnd`', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const source = createSource(['one ', 'two']);
    source.close();
    await context.createNewResumableStream('id', source.makeStream);
    await isOver(context, 'id');
    expect(await readAll(await context.resumeExistingStream('id'))).toBe('one two');
    expect(await readAll(await context.resumableStream('id', source.makeStream, 4))).toBe('two');
    expect(await readAll(await context.resumeExistingStream('id', 7))).toBe('');
    expect(await readAll(await context.resumeExistingStream('id', 99))).toBe('');
    expect(await context.resumeExistingStream('another')).toBe(undefined);
  });

  it('keeps a stream for as long as its context does', async () => {
    vi.useFakeTimers();
    const memory = createOwnContext({ retentionMs: 1_000 });
    const context = createOurs({ replayAfterEnd: true }, memory);
    const source = createSource(['one']);
    source.close();
    await context.createNewResumableStream('id', source.makeStream);
    await vi.advanceTimersByTimeAsync(900);
    expect(await context.hasExistingStream('id')).toBe('DONE');
    await vi.advanceTimersByTimeAsync(200);
    expect(await context.hasExistingStream('id')).toBe(null);
    expect(await context.resumeExistingStream('id')).toBe(undefined);
    vi.useRealTimers();
  });

  it('gives every character back, whatever it is and wherever strings were cut', async () => {
    const whole = `a😀\ud83d b\udc00 \u0000\u001f"\\\u2028\r\n漢${'𝄞'.repeat(50)}`;
    for (const length of [1, 2, 3, 5, whole.length]) {
      const context = createOurs({ replayAfterEnd: true });
      const pieces: string[] = [];
      for (let start = 0; start < whole.length; start += length) {
        pieces.push(whole.slice(start, start + length));
      }
      const source = createSource(pieces);
      source.close();
      const own = await context.createNewResumableStream('id', source.makeStream);
      expect(await readAll(own)).toBe(whole);
      for (let skip = 0; skip <= whole.length; skip++) {
        const rest = await readAll(await context.resumeExistingStream('id', skip));
        expect(rest).toBe(whole.slice(skip));
      }
    }
  });

  it('takes a skip that is no number of characters for none', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const source = createSource(['text']);
    source.close();
    await context.createNewResumableStream('id', source.makeStream);
    await isOver(context, 'id');
    for (const skip of [-1, Number.NaN, 0.9]) {
      expect(await readAll(await context.resumeExistingStream('id', skip))).toBe('text');
    }
  });

  it('cuts strings that are larger than the frames of its context', async () => {
    const memory = createOwnContext();
    const maxFrameBytes = 100;
    const frames: string[] = [];
    const context = createOurs(
      { replayAfterEnd: true },
      withLog(memory, (log) => ({
        ...log,
        maxFrameBytes,
        append(frame) {
          frames.push(frame);
          log.append(frame);
        },
      })),
    );
    const large = '\u0000😀ä'.repeat(100);
    const source = createSource([large, 'small']);
    source.close();
    const own = await context.createNewResumableStream('id', source.makeStream);
    expect(await readAll(own)).toBe(`${large}small`);
    for (const frame of frames) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(maxFrameBytes);
  });

  it('joins what is pending, so that a replay is a few large strings', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const source = createSource(Array.from({ length: 10_000 }, () => 'x'.repeat(130)));
    source.close();
    await context.createNewResumableStream('id', source.makeStream);
    await isOver(context, 'id');
    const pieces: string[] = [];
    for await (const piece of (await context.resumeExistingStream('id')) ?? []) pieces.push(piece);
    expect(pieces.join('')).toBe('x'.repeat(1_300_000));
    expect(pieces.length).toBeLessThanOrEqual(Math.ceil(1_300_000 / 65_536));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(3 * 65_536);
  });

  it('stores the first string at once, and those that follow in the same turn together', async () => {
    const frames: string[] = [];
    const context = createOurs(
      { replayAfterEnd: true },
      withLog(createOwnContext(), (log) => ({
        ...log,
        append(frame) {
          frames.push(frame);
          log.append(frame);
        },
      })),
    );
    const source = createSource(['a', 'b', 'c']);
    await context.createNewResumableStream('id', source.makeStream);
    await turns();
    expect(frames).toEqual(['"a"', '"bc"']);
    source.send('d');
    await turns();
    expect(frames).toEqual(['"a"', '"bc"', '"d"']);
    source.send('e');
    source.close();
    await isOver(context, 'id');
    expect(frames).toEqual(['"a"', '"bc"', '"d"', '"e"']);
    expect(await readAll(await context.resumeExistingStream('id', 2))).toBe('cde');
  });

  it('waits for its context when too much waits to be stored', async () => {
    const gate = createDeferred();
    let isBehind = false;
    let appended = 0;
    const context = createOurs(
      {},
      withLog(createOwnContext(), (log) => ({
        ...log,
        get isBehind() {
          return isBehind;
        },
        caughtUp: () => gate.promise,
        append(frame) {
          appended++;
          log.append(frame);
        },
      })),
    );
    isBehind = true;
    const source = createSource(['1', '2', '3']);
    source.close();
    const own = await context.createNewResumableStream('id', source.makeStream);
    await turns();
    expect(appended).toBe(1);
    isBehind = false;
    gate.resolve();
    expect(await readAll(own)).toBe('123');
  });

  it('opens no reader for a stream that nobody reads', async () => {
    const memory = createOwnContext();
    const read = vi.fn(memory.read);
    const context = createOurs({}, { ...memory, read });
    const source = createSource(['one']);
    const own = await context.createNewResumableStream('id', source.makeStream);
    await context.resumeExistingStream('id');
    source.close();
    await isOver(context, 'id');
    expect(read).not.toHaveBeenCalled();
    expect(await readAll(own)).toBe('one');
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('takes the lease from its options: two heartbeats of 5 s, unless told otherwise', async () => {
    const memory = createOwnContext();
    const open = vi.fn(memory.open);
    const leases: unknown[] = [];
    for (const options of [{}, { heartbeatMs: 1_000 }, { heartbeatMs: 1_000, leaseMs: 9_000 }]) {
      const source = createSource();
      source.close();
      const context = createOurs(options, { ...memory, open });
      await context.createNewResumableStream(createId(), source.makeStream);
      leases.push(open.mock.lastCall?.[1].leaseMs);
    }
    expect(leases).toEqual([10_000, 2_000, 9_000]);
  });
});

describe('a source that fails', () => {
  it('ends the stream for all readers, is reported, and rejects nowhere', async () => {
    const onError = vi.fn();
    const context = createOurs({ onError, replayAfterEnd: true });
    const source = createSource(['one ']);
    const own = createTextReader(await context.createNewResumableStream('id', source.makeStream));
    const other = createTextReader(await context.resumeExistingStream('id'));
    await Promise.all([own.until(4), other.until(4)]);
    const error = new Error('The password is 123.');
    source.fail(error);
    const told = {
      name: 'TaskError',
      code: 'internal',
      message: 'The source of the stream failed.',
    };
    await expect(own.rest()).rejects.toMatchObject(told);
    await expect(other.rest()).rejects.toMatchObject(told);
    expect(onError.mock.calls).toEqual([[error, { streamId: 'id' }]]);
    expect(await context.hasExistingStream('id')).toBe('DONE');
    const late = createTextReader(await context.resumeExistingStream('id'));
    expect(await late.until(4)).toBe('one ');
    await expect(late.rest()).rejects.toMatchObject(told);
  });

  it('with a TaskError tells readers that', async () => {
    const context = createOurs();
    const source = createSource();
    const own = await context.createNewResumableStream('id', source.makeStream);
    source.fail(new TaskError({ code: 'busy', message: 'Come back later.', retryable: true }));
    const told = { code: 'busy', message: 'Come back later.', retryable: true };
    await expect(readAll(own)).rejects.toMatchObject(told);
  });

  it('when nobody reads is only reported', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const context = toResumableStreamContext(createOwnContext());
    const source = createSource();
    await context.createNewResumableStream('id', source.makeStream);
    source.fail(new Error('broken'));
    await isOver(context, 'id');
    expect(error.mock.calls).toEqual([['ai-task-stream: stream id:', new Error('broken')]]);
    error.mockRestore();
  });

  it('ends its stream also when `onError` throws', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const context = createOurs({
      onError: () => {
        throw new Error('in onError');
      },
    });
    const source = createSource();
    await context.createNewResumableStream('id', source.makeStream);
    source.fail(new Error('broken'));
    await isOver(context, 'id');
    expect(error.mock.calls).toEqual([
      ['ai-task-stream: `onError` threw:', new Error('in onError')],
    ]);
    error.mockRestore();
  });

  it('by not being there rejects the call, and ends the stream', async () => {
    const context = createOurs();
    const makeStream = () => {
      throw new Error('no source');
    };
    await expect(context.resumableStream('id', makeStream)).rejects.toThrow('no source');
    expect(await context.hasExistingStream('id')).toBe('DONE');
  });

  it('by giving something else than strings is cancelled', async () => {
    const onError = vi.fn();
    const onCancel = vi.fn();
    const bytes = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel: onCancel,
    });
    const context = createOurs({ onError });
    const own = await context.createNewResumableStream('id', () => bytes);
    await expect(readAll(own)).rejects.toMatchObject({ code: 'internal' });
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(TypeError);
    expect(onCancel).toHaveBeenCalledTimes(1);
  });
});

describe('a stream in one of our contexts', () => {
  it.each(['', 'x', 'a/b c', 'ü'.repeat(1_000), '\ud800', '\udfff', 'lib/0123456789abcdef'])(
    'may have any name, such as %j',
    async (streamId) => {
      const memory = createOwnContext();
      const context = createOurs({}, memory);
      const source = createSource(['text']);
      const own = createTextReader(
        await context.createNewResumableStream(streamId, source.makeStream),
      );
      await own.until(4);
      expect(await context.hasExistingStream(streamId)).toBe(true);
      for (const other of ['y', 'a/b', '\ud801', '\ufffd', `${streamId}x`]) {
        expect(await context.hasExistingStream(other)).toBe(null);
      }
      source.close();
      await own.rest();
    },
  );

  it('is a task of the same id when it can be, which stops when that is cancelled', async () => {
    const memory = createOwnContext();
    const context = createOurs({}, memory);
    const taskId = createId();
    const source = createSource(['one']);
    const own = createTextReader(await context.createNewResumableStream(taskId, source.makeStream));
    await own.until(3);
    expect(await cancelTask({ taskId, streamContext: memory, reason: 'Enough.' })).toBe(true);
    await expect(own.rest()).rejects.toMatchObject({ code: 'cancelled', message: 'Enough.' });
    expect(source.onCancel).toHaveBeenCalledTimes(1);
    expect(await memory.inspect(taskId)).toMatchObject({ status: 'cancelled' });
  });

  it('that was cancelled before it began takes nothing of its source', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    await memory.cancel(taskId, { reason: 'early' });
    const source = createSource(['one']);
    const own = await createOurs({}, memory).resumableStream(taskId, source.makeStream);
    await expect(readAll(own)).rejects.toMatchObject({ code: 'cancelled', message: 'early' });
    expect(source.onCancel).toHaveBeenCalledTimes(1);
  });

  it('is not a task that has an owner', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    const log = await memory.open(taskId, {
      owner: 'me',
      leaseMs: 1_000,
      token: createId(),
      frames: [],
    });
    const context = createOurs({ replayAfterEnd: true }, memory);
    expect(await context.hasExistingStream(taskId)).toBe(null);
    expect(await context.resumeExistingStream(taskId)).toBe(undefined);
    expect(await context.resumableStream(taskId, createSource().makeStream)).toBe(null);
    await log?.settle([], 'completed');
  });

  it('of which a part is missing fails with the code gap', async () => {
    const memory = createOwnContext();
    const taskId = createId();
    const data = { taskId, code: 'gap', message: 'Some of it is missing.', retryable: false };
    const gap = JSON.stringify({ type: 'data-task-error', id: taskId, data });
    const log = await memory.open(taskId, {
      leaseMs: 1_000,
      token: createId(),
      frames: ['"one "', gap, '"three"'],
    });
    const reader = createTextReader(await createOurs({}, memory).resumeExistingStream(taskId));
    expect(await reader.until(4)).toBe('one ');
    await expect(reader.rest()).rejects.toMatchObject({ code: 'gap' });
    await log?.settle([], 'completed');
  });

  it('is not created while the storage is away', async () => {
    const memory = createOwnContext();
    const context = createOurs(
      {},
      {
        ...memory,
        open: () => Promise.reject(new Error('away')),
        inspect: () => Promise.reject(new Error('away')),
      },
    );
    const source = createSource();
    await expect(context.createNewResumableStream('id', source.makeStream)).rejects.toThrow('away');
    await expect(context.resumeExistingStream('id')).rejects.toThrow('away');
    expect(source.makeStream).not.toHaveBeenCalled();
  });

  it('fails for its readers when it cannot be read, and is pumped all the same', async () => {
    const memory = createOwnContext();
    const context = createOurs({}, { ...memory, read: () => Promise.reject(new Error('away')) });
    const source = createSource(['one']);
    source.close();
    const own = await context.createNewResumableStream('id', source.makeStream);
    await expect(readAll(own)).rejects.toThrow('away');
    await isOver(context, 'id');
  });
});

describe.each([
  { version: 7, ai: ai7 },
  { version: 6, ai: ai6 as unknown as typeof ai7 },
])('the recipe of AI SDK $version for streams that can be resumed', ({ ai }) => {
  it('gives the exact bytes again', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const gate = createDeferred();
    const stream = ai.createUIMessageStream({
      async execute({ writer }) {
        writer.write({ type: 'start', messageId: 'message' });
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['Grüße ', '漢字 ', '😀\ud83d', '\n\n']) {
          writer.write({ type: 'text-delta', id: 't', delta });
          await turns(1);
        }
        await gate.promise;
        for (let n = 0; n < 500; n++) writer.write({ type: 'text-delta', id: 't', delta: `${n} ` });
        writer.write({ type: 'text-end', id: 't' });
        writer.write({ type: 'finish' });
      },
    });
    const consumed = createDeferred();
    const response = ai.createUIMessageStreamResponse({
      stream,
      async consumeSseStream({ stream: sseStream }) {
        await context.createNewResumableStream('chat/1', () => sseStream);
        consumed.resolve();
      },
    });
    const bytes = response.text();
    await consumed.promise;
    const resumed = await context.resumeExistingStream('chat/1');
    const headers = ai.UI_MESSAGE_STREAM_HEADERS;
    const again = new Response(resumed?.pipeThrough(new TextEncoderStream()), { headers }).text();
    gate.resolve();
    expect(await again).toBe(await bytes);
    expect((await bytes).endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await readAll(await context.resumeExistingStream('chat/1'))).toBe(await bytes);
  });

  it('goes on when the page has left', async () => {
    const context = createOurs({ replayAfterEnd: true });
    const gate = createDeferred();
    const stream = ai.createUIMessageStream({
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'after' });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const response = ai.createUIMessageStreamResponse({
      stream,
      consumeSseStream: ({ stream: sseStream }) => {
        context.createNewResumableStream('chat/1', () => sseStream);
      },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    gate.resolve();
    await isOver(context, 'chat/1');
    expect(await readAll(await context.resumeExistingStream('chat/1'))).toContain('after');
  });
});
