import type { ResumableStreamContext } from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { describe, expect, it } from 'vitest';
import { turns } from '../../helpers/async';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createOurs, createSource, createTextReader, isOver, readAll } from './string-sources';

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
