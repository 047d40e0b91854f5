import type { ResumableStreamContext, TaskLog, TaskStreamContext } from 'ai-task-stream/server';
import type { ResumableStreamContext as TheirContext } from 'resumable-stream';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createId, createOwnContext } from '../../helpers/tasks';
import { createOurs, createSource, createTextReader, isOver, readAll } from './string-sources';

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
