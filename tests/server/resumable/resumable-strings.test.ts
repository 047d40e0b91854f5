import { resumeTask, streamTask } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred, turns, until } from '../../helpers/async';
import { chunksIn, cursorsIn, parseFrames, readWrites, typesIn } from '../../helpers/sse';
import { createId, follow } from '../../helpers/tasks';
import {
  awaited,
  bus,
  chunk,
  createInstance,
  elsewhere,
  here,
  numbered,
  openLog,
  openReader,
  receive,
  setUpInstances,
  startGatedTask,
  streamKey,
} from './two-instances';

setUpInstances();

describe('the strings between processes', () => {
  it('hold all frames that waited while one was being published', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'publish' ? gate.promise : undefined);
    log.append(chunk(1));
    await turns();
    for (let n = 2; n < 1_000; n++) log.append(chunk(n));
    const before = bus.published.length;
    gate.resolve();
    expect(await receive(reader, 999)).toEqual(numbered(1, 1_000));
    // The one that was under way, and one with the 998 others.
    expect(bus.published).toHaveLength(before + 2);
    await log.settle([], 'completed');
    reader.close();
  });

  it('do not hold up the task, nor its readers here, while nothing can be published', async () => {
    const { task, taskId, gate } = startGatedTask({ graceMs: 10 });
    const response = await task.toResponse();
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 3);
    bus.onCommand = (command) => (command === 'publish' ? new Promise(() => {}) : undefined);
    gate.resolve(undefined);
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
    await expect(task.result).resolves.toEqual({ words: 2 });
    reader.close();
  });

  it.each([1, 2, 3, 7, 64])('may be cut into pieces of %i characters', async (length) => {
    bus.deliver = (message, deliver, channel) => {
      if (!channel.includes(':chunk:') || message.includes('DONE_SENTINEL'))
        return deliver(message);
      for (let start = 0; start < message.length; start += length) {
        deliver(message.slice(start, start + length));
      }
    };
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    for (let n = 1; n < 20; n++) {
      log.append(chunk(n));
      await log.flushed();
    }
    await log.settle([chunk(20)], 'completed');
    expect(await receive(reader)).toEqual(numbered(0, 21));
    reader.close();
  });

  it('may come before the history, and twice', async () => {
    const held: (() => void)[] = [];
    let isFirst = true;
    bus.deliver = (message, deliver, channel) => {
      if (!channel.includes(':chunk:')) return deliver(message);
      if (isFirst) held.push(() => deliver(message));
      else {
        deliver(message);
        deliver(message);
      }
      isFirst = false;
    };
    const taskId = createId();
    const log = await openLog(taskId);
    const reading = openReader(elsewhere, taskId);
    await until(() => held.length > 0);
    for (let n = 1; n < 5; n++) {
      log.append(chunk(n));
      await log.flushed();
    }
    for (const deliver of held) deliver();
    const reader = await reading;
    expect(await receive(reader, 5)).toEqual(numbered(0, 5));
    await log.settle([chunk(5)], 'completed');
    expect(await receive(reader)).toEqual(numbered(5, 6));
    reader.close();
  });

  it('that are lost are asked for again', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    const { deliver } = bus;
    bus.deliver = () => {};
    log.append(chunk(1));
    await log.flushed();
    bus.deliver = deliver;
    log.append(chunk(2));
    expect(await receive(reader, 2)).toEqual(numbered(1, 3));
    await log.settle([], 'completed');
    expect(await receive(reader)).toEqual([]);
    reader.close();
  });

  it('that cannot be published stop nothing and reject nowhere', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    let failures = 3;
    bus.onCommand = (command) => {
      if (command === 'publish' && failures-- > 0) throw new Error('Connection lost');
    };
    for (let n = 1; n < 4; n++) {
      log.append(chunk(n));
      await turns();
    }
    expect(await receive(reader, 3)).toEqual(numbered(1, 4));
    await log.settle([chunk(4)], 'completed');
    expect(await receive(reader)).toEqual(numbered(4, 5));
    reader.close();
  });

  it('that could not be published just before the end are asked for before it is too late', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    let failures = 2;
    bus.onCommand = (command) => {
      if (command === 'publish' && failures-- > 0) throw new Error('Connection lost');
    };
    const settling = log.settle([chunk(1)], 'completed');
    const rest = receive(reader);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await rest).toEqual(numbered(1, 2));
    await settling;
    expect(bus.values.get(streamKey(taskId))).toBe('DONE');
    reader.close();
  });

  it('that cannot be published at the end are sent until they are', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    let failures = 3;
    bus.onCommand = (command) => {
      if (command === 'set' && failures-- > 0) throw new Error('Connection lost');
    };
    await log.settle([chunk(1)], 'completed');
    await Promise.all(awaited);
    expect(bus.values.get(streamKey(taskId))).toBe('DONE');
  });

  it('go on to nobody who has left', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const readers = await Promise.all([1, 2, 3].map(() => openReader(elsewhere, taskId)));
    // One subscription for the requests, and one that the readers of a process share.
    expect(bus.channelCount()).toBe(2);
    for (const reader of readers) reader.close();
    await until(() => bus.channelCount() === 1);
    const again = await openReader(elsewhere, taskId);
    expect(await receive(again, 1)).toEqual(numbered(0, 1));
    again.close();
    await log.settle([], 'completed');
    expect(bus.channelCount()).toBe(0);
  });

  it('of two processes that opened the same task at the same time are not mixed', async () => {
    const taskId = createId();
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'get' ? gate.promise : undefined);
    const opening = [here, elsewhere].map((context, index) =>
      toTaskStreamContext(context).open(taskId, {
        leaseMs: 60_000,
        token: createId(),
        frames: [chunk(`${index} first`)],
      }),
    );
    await turns();
    gate.resolve();
    const logs = await Promise.all(opening);
    const reader = await openReader(createInstance(), taskId);
    for (const [index, log] of logs.entries()) {
      for (let n = 1; n < 10; n++) log?.append(chunk(`${index} ${n}`));
      await log?.flushed();
    }
    const received = await receive(reader, 10);
    const from = received[0]?.data.includes('0 first') ? 0 : 1;
    expect(received.map(({ data }) => data)).toEqual([
      chunk(`${from} first`),
      ...Array.from({ length: 9 }, (_, n) => chunk(`${from} ${n + 1}`)),
    ]);
    reader.close();
    await Promise.all(logs.map((log) => log?.settle([], 'completed')));
  });

  it('of a version that this one does not know are left alone', async () => {
    const taskId = createId();
    const source = new ReadableStream<string>({
      start: (controller) => controller.enqueue('run 1\ntask {"version":2}\n0 {"type":"start"}\n'),
    });
    await (await here.createNewResumableStream(`ai-task-stream:${taskId}`, () => source))?.cancel();
    vi.useFakeTimers();
    const response = resumeTask({ taskId, streamContext: elsewhere }).toResponse();
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await response).status).toBe(503);
    expect(bus.channelCount()).toBe(1);
  });
});

describe('a log of more than 8 Mi characters', () => {
  const large = 'x'.repeat(1024 * 1024);

  async function runLarge(taskId: string) {
    const gate = createDeferred();
    const task = streamTask({
      taskId,
      streamContext: here,
      execute: async ({ writer }) => {
        writer.write({ type: 'text-start', id: 'known' });
        writer.write({ type: 'tool-input-start', toolCallId: 'call', toolName: 'tool' });
        for (let n = 0; n < 8; n++) {
          writer.write({ type: 'text-delta', id: 'known', delta: large });
        }
        writer.write({ type: 'text-start', id: 'unknown' });
        writer.write({ type: 'text-delta', id: 'unknown', delta: 'unseen' });
        writer.write({
          type: 'tool-input-available',
          toolCallId: 'call',
          toolName: 'tool',
          input: {},
        });
        writer.write({ type: 'tool-output-available', toolCallId: 'call', output: 'sunny' });
        await gate.promise;
        return 'done';
      },
    });
    return { task, gate };
  }

  it.each(aiVersions)(
    'reaches readers elsewhere as far as it fits, then a gap, then the outcome (AI SDK $version)',
    async (ai) => {
      const taskId = createId();
      const { task, gate } = await runLarge(taskId);
      const own = (await task.toResponse()).text();
      const response = await follow(toTaskStreamContext(elsewhere), taskId);
      const other = readWrites(response);
      // At once, not only when there is an outcome.
      await other.until('"code":"gap"');
      gate.resolve();
      const text = await other.rest();
      const full = await own;
      expect(parseFrames(full).filter(({ data }) => data.includes('"code":"gap"'))).toEqual([]);
      expect(full).toContain('unseen');
      expect(text).not.toContain('unseen');
      expect(chunksIn(text).filter(({ type }) => type === 'data-task-error')).toHaveLength(1);
      expect(typesIn(text).slice(-3)).toEqual(['data-task', 'data-task-settle', 'finish']);
      expect(cursorsIn(text).at(-1)).toBe(cursorsIn(full).at(-1));
      const message = await ai.readMessage(chunksIn(text), {
        onError: (error) => expect.fail(String(error)),
      });
      expect(message?.parts).toMatchObject([
        { type: 'data-task' },
        { type: 'text', state: 'done' },
        { type: 'tool-tool', state: 'output-available', output: 'sunny' },
        { type: 'data-task-error' },
        { type: 'data-task-settle', data: { status: 'completed', result: 'done' } },
      ]);
    },
  );

  it('keeps what it sends to a new reader below 11 Mi characters, whatever it holds', async () => {
    const taskId = createId();
    const log = await openLog(taskId, { graceMs: 60_000 });
    for (let n = 1; n < 12; n++) log.append(chunk(large));
    await log.flushed();
    const reader = await openReader(elsewhere, taskId);
    // An outcome that does not fit, either.
    await log.settle([chunk(large), chunk(large), chunk(large)], 'completed');
    const received = await receive(reader);
    expect(received.at(-1)?.data).not.toContain('"code":"gap"');
    expect(received.filter(({ data }) => data.includes('"code":"gap"'))).toHaveLength(1);
    expect(reader.isEnded).toBe(true);
    const sent = bus.published.reduce((sum, { message }) => sum + message.length, 0);
    expect(sent).toBeLessThan(11 * 1024 * 1024);
    reader.close();
  });

  it('tells a reader whose cursor lies in the gap of it, and leaves its cursor alone', async () => {
    const taskId = createId();
    const log = await openLog(taskId, { graceMs: 60_000 });
    for (let n = 1; n < 12; n++) log.append(chunk(large));
    await log.flushed();
    const reader = await openReader(elsewhere, taskId, { cursor: '0-10' });
    const [gap] = await receive(reader, 1);
    expect(gap?.cursor).toBe('0-10');
    expect(JSON.parse(gap?.data ?? '')).toMatchObject({ data: { code: 'gap' } });
    await log.settle([chunk('end')], 'completed');
    expect(await receive(reader)).toEqual([{ cursor: '0-12', data: chunk('end') }]);
    reader.close();
  });
});
