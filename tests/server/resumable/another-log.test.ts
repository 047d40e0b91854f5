// A log is gone, and its taskId has another one: whoever had read the first must not take the
// second for its continuation. With Redis, see tests/redis.
import { randomUUID } from 'node:crypto';
import {
  createTaskRoute,
  defineTask,
  streamTask,
  type TaskReader,
  type TaskStreamContext,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseCursor } from '../../../src/protocol/cursor';
import {
  createLineParser,
  encodeFrameLine,
  encodeHeader,
  encodeRun,
} from '../../../src/server/resumable/live-lines';
import { createMirrorLog } from '../../../src/server/resumable/mirror-log';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { createDeferred } from '../../helpers/async';
import { createMemoryBus } from '../../helpers/memory-bus';
import { cursorsIn, parseFrames, withoutHeartbeats } from '../../helpers/sse';
import { createOwnContext } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

const gapOf = (cursor: string) => ({
  id: cursor,
  data: expect.stringMatching(/"code":"gap".*"cause":"another-log"/),
});

/** A route whose tasks write a text of their own each, and end when they are told. */
function createRuns(streamContext: TaskStreamContext) {
  const gate = createDeferred();
  let runs = 0;
  const task = defineTask({
    name: 'draw',
    async execute({ writer }) {
      runs += 1;
      const run = runs;
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < 4; n++)
        writer.write({ type: 'text-delta', id: 't', delta: `${run}.${n}` });
      if (run === 2) await gate.promise;
      writer.write({ type: 'text-end', id: 't' });
      return run;
    },
  });
  const { POST, GET } = createTaskRoute(task, { streamContext, onError: () => {} });
  return {
    gate,
    post: (taskId: string) =>
      POST(
        new Request('http://localhost/', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ taskId }),
        }),
      ),
    get: (taskId: string, cursor?: string) =>
      GET(
        new Request(`http://localhost/?taskId=${taskId}`, {
          headers: cursor === undefined ? {} : { 'last-event-id': cursor },
        }),
      ),
  };
}

async function framesOf(response: Response) {
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  return parseFrames(withoutHeartbeats(text)).filter(({ data }) => data !== '[DONE]');
}

describe('a taskId whose log memory has forgotten', () => {
  it.each(['running', 'settled'])(
    'tells the readers of that log, when its new one is %s, and gives them all of it (R-CURSOR-8)',
    async (state) => {
      const streamContext = createOwnContext({ maxTotalBytes: 1 });
      const { gate, post, get } = createRuns(streamContext);
      const taskId = randomUUID();
      const old = cursorsIn(await (await post(taskId)).text());
      // The next one that settles takes its place in memory.
      await streamTask({ streamContext, execute: () => 1 }).consume();
      expect((await get(taskId)).status).toBe(404);
      const second = await post(taskId);
      if (state === 'settled') gate.resolve();
      const responses = await Promise.all(old.map((cursor) => get(taskId, cursor)));
      const reading = Promise.all(responses.map(framesOf));
      gate.resolve();
      const whole = await framesOf(second);
      const replay = await framesOf(await get(taskId));
      for (const [index, [gap, ...frames]] of (await reading).entries()) {
        expect(gap).toEqual(gapOf(old[index] ?? ''));
        const text = JSON.stringify(frames);
        expect(text).not.toContain('1.');
        expect(frames.filter(({ data }) => data.includes('"data-task-settle"'))).toHaveLength(1);
        expect(frames.at(-1)).toEqual(whole.at(-1));
        if (state === 'settled') expect(frames).toEqual(replay);
      }
      // Its own cursors are as good as ever.
      for (const { id } of replay.slice(0, -1)) {
        const frames = await framesOf(await get(taskId, id));
        expect(JSON.stringify(frames)).not.toContain('another-log');
      }
      expect((await get(taskId, replay.at(-1)?.id)).status).toBe(204);
    },
  );

  it('tells those of another process’ log', async () => {
    const taskId = randomUUID();
    const old = await (await createRuns(createOwnContext()).post(taskId)).text();
    const { gate, post, get } = createRuns(createOwnContext());
    gate.resolve();
    const whole = await framesOf(await post(taskId));
    for (const cursor of cursorsIn(old)) {
      const [gap, ...frames] = await framesOf(await get(taskId, cursor));
      expect(gap).toEqual(gapOf(cursor));
      expect(frames.at(-1)).toEqual(whole.at(-1));
    }
  });

  it('has epochs that rise also when the clock is set back (R-EPOCH-1)', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const context = createOwnContext({ maxTotalBytes: 1 });
    const taskId = randomUUID();
    const epochs: number[] = [];
    for (const hours of [0, -1, -30, 1, -20_000]) {
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      for (const id of [taskId, randomUUID()]) {
        const options = { leaseMs: 1, token: randomUUID(), frames: ['1'] };
        await (await context.open(id, options))?.settle([], 'completed');
        const cursor = (await context.inspect(id))?.cursor ?? '';
        expect(cursor).toMatch(/^[1-9]\d{0,14}-0$/);
        if (id === taskId) epochs.push(Number(cursor.split('-')[0]));
      }
    }
    expect(epochs).toEqual([...new Set(epochs)].sort((one, other) => one - other));
  });
});

describe('a taskId that a context of `resumable-stream` has forgotten', () => {
  const chunk = (run: string, n: number) => JSON.stringify({ type: 'data-n', data: `${run}${n}` });

  function setUp() {
    const bus = createMemoryBus();
    const createInstance = () =>
      toTaskStreamContext(
        createResumableStreamContext({ waitUntil: () => {}, ...bus.createClients() }),
      );
    return { bus, createInstance };
  }

  async function open(context: TaskStreamContext, taskId: string, run: string, owner?: string) {
    const frames = [chunk(run, 0), chunk(run, 1)];
    const options = { leaseMs: 400, token: randomUUID(), frames };
    const log = await context.open(taskId, { ...options, ...(owner && { owner }) });
    if (!log) throw new Error('The task exists already.');
    return log;
  }

  async function take(reader: TaskReader, count = Number.POSITIVE_INFINITY) {
    const received = await receiveFrames(reader, count);
    return received.map(({ epoch, n, data }): [string, string] => [`${epoch}-${n}`, data]);
  }

  const anotherLog = (cursor: string) => [cursor, expect.stringContaining('another-log')];

  it('tells readers of the log before, those who follow and those who come (R-CURSOR-8, R-CURSOR-9)', async () => {
    const { bus, createInstance } = setUp();
    const [here, elsewhere, next] = [createInstance(), createInstance(), createInstance()];
    const taskId = randomUUID();
    const old = await open(here, taskId, 'old');
    const following = (await elsewhere.read(taskId))!;
    const before = await take(following, 2);
    // The database is emptied, and the process that ran the task is heard of no more.
    const sent = bus.published.map(({ message }) => message).join('\n');
    const [run = 'none'] = /\brun [\w-]{8}\b/.exec(sent) ?? [];
    expect(run).not.toBe('none');
    const { deliver } = bus;
    bus.deliver = (message, send, channel) => {
      if (!message.includes(run)) deliver(message, send, channel);
    };
    bus.values.clear();

    const log = await open(next, taskId, 'new');
    const cursors = before.map(([cursor]) => cursor);
    const readers = [
      following,
      (await createInstance().read(taskId, { cursor: parseCursor(cursors[0] ?? '') }))!,
      (await next.read(taskId, { cursor: parseCursor(cursors[1] ?? '') }))!,
    ];
    const begun = await Promise.all(readers.map((reader) => take(reader, 3)));
    expect(begun.map(([gap]) => gap)).toEqual([1, 0, 1].map((n) => anotherLog(cursors[n] ?? '')));
    log.append(chunk('new', 2));
    const rest = Promise.all(readers.map((reader) => take(reader)));
    await log.settle([chunk('new', 3)], 'completed');
    const all = [0, 1, 2, 3].map((n) => chunk('new', n));
    for (const [index, received] of (await rest).entries()) {
      const [, ...frames] = [...(begun[index] ?? []), ...received].map(([, frame]) => frame);
      expect(frames).toEqual(all);
      readers[index]?.close();
    }
    await old.settle([], 'completed');
  });

  it('shows nothing of it to the readers of a log that was somebody else’s', async () => {
    const header = (epoch: number, owner: string) =>
      encodeHeader({ version: 1, epoch, owner, createdAt: 1, leaseMs: 1_000 });
    const log = createMirrorLog('task');
    const parse = createLineParser();
    const add = (text: string) => parse(text).map((line) => log.add(line));
    add(encodeRun('a') + header(7, 'one') + encodeFrameLine(0, chunk('old', 0)));
    log.changeStream();
    const other = encodeRun('b') + header(8, 'two') + encodeFrameLine(0, chunk('new', 0));
    expect(add(other)).toEqual([false, false, false]);
    expect(log.window?.segments).toMatchObject([{ offset: 0, data: [chunk('old', 0)] }]);
    // Of two that run at the same time, one that began no later changes nothing.
    expect(add(encodeRun('c') + header(7, 'one'))).toEqual([false, false]);
    expect(add(encodeRun('d') + header(9, 'one') + encodeFrameLine(0, chunk('new', 0)))).toEqual([
      false,
      true,
      true,
    ]);
    expect(log.header?.epoch).toBe(9);
    expect(log.window?.segments).toMatchObject([{ offset: 0, data: [chunk('new', 0)] }]);
  });
});

describe('a stream whose log ends without an outcome', () => {
  /** A context whose readers are cut off after what is there. */
  function createCutContext(): TaskStreamContext {
    const context = createOwnContext();
    return {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        let isCut = false;
        return Object.defineProperties(Object.create(reader), {
          take: {
            value() {
              const range = reader.take();
              isCut = range === undefined;
              return range;
            },
          },
          next: {
            async value() {
              const value = this.take();
              return { value, done: value === undefined };
            },
          },
          isEnded: { get: () => isCut },
          isCut: { get: () => isCut },
        }) as TaskReader;
      },
    };
  }

  it('fails as chunks and as strings, and is no whole response (R-FRAME-4)', async () => {
    const gate = createDeferred();
    const streamContext = createCutContext();
    const task = streamTask({ streamContext, onError() {}, execute: () => gate.promise });
    const response = await task.toResponse();
    expect(await response.text()).not.toContain('[DONE]');
    const unsettled = { code: 'unsettled', retryable: true };
    const chunks = task.toUIMessageStream().getReader();
    const types: string[] = [];
    const read = async () => {
      for (;;) {
        const { done, value } = await chunks.read();
        if (done) return;
        types.push(value.type);
      }
    };
    await expect(read()).rejects.toMatchObject(unsettled);
    expect(types).toEqual(['start', 'data-task']);

    let source: ReadableStreamDefaultController<string> | undefined;
    const strings = toResumableStreamContext(streamContext, { onError() {} });
    const makeStream = () =>
      new ReadableStream<string>({
        start(controller) {
          source = controller;
          controller.enqueue('one');
        },
      });
    const stream = await strings.createNewResumableStream('a', makeStream);
    const reader = stream!.getReader();
    const readStrings = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readStrings()).rejects.toMatchObject(unsettled);
    source?.close();
    gate.resolve();
  });
});
