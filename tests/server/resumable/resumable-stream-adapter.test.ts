import {
  cancelTask,
  createMemoryStreamContext,
  createTaskRoute,
  defineTask,
  type ResumableStreamContext,
  resumeTask,
  streamTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createLineParser,
  encodeFrameLine,
  encodeHeader,
  encodeMark,
  encodeRun,
} from '../../../src/server/resumable/live-lines';
import { createMirrorLog } from '../../../src/server/resumable/mirror-log';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred, turns, until } from '../../helpers/async';
import { cursorAt, relative } from '../../helpers/cursors';
import { fc } from '../../helpers/fast-check';
import { createMemoryBus, type MemoryBus } from '../../helpers/memory-bus';
import {
  chunksIn,
  cursorsIn,
  parseFrames,
  readWrites,
  textAfter,
  typesIn,
  withoutHeartbeats,
} from '../../helpers/sse';
import { createId, follow } from '../../helpers/tasks';

let bus: MemoryBus;
/** What their contexts hand to `waitUntil`. */
let awaited: Promise<unknown>[];
/** Instances of a server that share a database: the one that runs tasks, and another one. */
let here: ResumableStreamContext;
let elsewhere: ResumableStreamContext;

function createInstance(options: { doneWatchdogIntervalMs?: number } = {}): ResumableStreamContext {
  return createResumableStreamContext({
    waitUntil: (promise) => awaited.push(promise),
    ...bus.createClients(),
    ...options,
  });
}

beforeEach(() => {
  bus = createMemoryBus();
  awaited = [];
  here = createInstance();
  elsewhere = createInstance();
});

afterEach(() => {
  vi.useRealTimers();
});

const streamKey = (taskId: string) => `resumable-stream:rs:sentinel:ai-task-stream:${taskId}`;

function chunk(n: number | string): string {
  return JSON.stringify({ type: 'data-n', data: n });
}

/** Opens a log in the one instance, as a task does. */
async function openLog(
  taskId: string,
  { context = here, leaseMs = 60_000, ...options } = {} as {
    context?: ResumableStreamContext;
    leaseMs?: number;
    owner?: string;
    graceMs?: number;
  },
) {
  const log = await toTaskStreamContext(context).open(taskId, {
    token: createId(),
    frames: [chunk(0)],
    leaseMs,
    ...options,
  });
  if (!log) throw new Error('The task exists already.');
  return log;
}

type Reader = NonNullable<Awaited<ReturnType<TaskStreamContext['read']>>>;

async function openReader(
  context: ResumableStreamContext,
  taskId: string,
  options?: { cursor?: string; owner?: string },
): Promise<Reader> {
  const wrapped = toTaskStreamContext(context);
  const { owner, cursor: from } = options ?? {};
  const cursor = from === undefined ? undefined : await cursorAt(wrapped, taskId, from);
  const reader = await wrapped.read(taskId, { owner, cursor });
  if (!reader) throw new Error('There is no such task.');
  return reader;
}

/** What the reader gets until it has `count` chunks, or to the end. */
async function receive(reader: Reader, count = Number.POSITIVE_INFINITY) {
  const received = await receiveFrames(reader, count);
  const cursors = relative(received.map(({ epoch, n }) => `${epoch}-${n}`));
  return received.map(({ data }, index) => ({ cursor: cursors[index] ?? '', data }));
}

const numbered = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, index) => ({
    cursor: `0-${start + index}`,
    data: chunk(start + index),
  }));

/** A task that goes on when the test says so. */
function startGatedTask({
  streamContext = here,
  taskId = createId(),
  ...options
}: Partial<Parameters<typeof streamTask>[0]> = {}) {
  const gate = createDeferred<unknown>();
  const task = streamTask({
    taskId,
    streamContext,
    onError: () => {},
    execute: async ({ writer, task: reporter, signal }) => {
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'Grüße ' });
      reporter.log('one');
      const stopped = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([gate.promise, stopped]);
      writer.write({ type: 'text-delta', id: 't', delta: '漢字 😀' });
      writer.write({ type: 'text-end', id: 't' });
      return { words: 2 };
    },
    ...options,
  });
  return { task, taskId, gate };
}

describe('a task in a context of `resumable-stream`', () => {
  it('streams the same frames to its first response and to readers elsewhere', async () => {
    const { task, taskId, gate } = startGatedTask({ name: 'Report' });
    const response = await task.toResponse();
    const early = await follow(toTaskStreamContext(elsewhere), taskId);
    expect([response.status, early.status]).toEqual([200, 200]);
    const earlyText = early.text();
    const late = readWrites(await follow(toTaskStreamContext(elsewhere), taskId));
    await late.until('"message":"one"');
    gate.resolve(undefined);
    const texts = [await response.text(), await earlyText, await late.rest()];
    const own = cursorsIn(texts[0] ?? '');
    expect(relative(own)).toEqual(own.map((_, n) => `0-${n}`));
    for (const text of texts) {
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(typesIn(text).slice(-3)).toEqual(['data-task', 'data-task-settle', 'finish']);
      expect(cursorsIn(text).at(-1)).toBe(own.at(-1));
    }
    // Nothing was compacted, because no reader found more than one delta before it.
    const [first, ...others] = texts.map(withoutHeartbeats);
    for (const other of others) expect(other).toBe(first);
    await expect(task.result).resolves.toEqual({ words: 2 });
  });

  it.each(aiVersions)('is a message of AI SDK $version elsewhere', async (ai) => {
    const { task, taskId, gate } = startGatedTask();
    await task.toResponse();
    const response = await follow(toTaskStreamContext(elsewhere), taskId);
    gate.resolve(undefined);
    if (!response.body) throw new Error('The response has no body.');
    const message = await ai.readMessage(await ai.parseBody(response.body));
    expect(message?.parts.filter(({ type }) => type === 'text')).toMatchObject([
      { text: 'Grüße 漢字 😀' },
    ]);
  });

  it('is followed from any cursor, here and elsewhere', async () => {
    const { task, taskId, gate } = startGatedTask();
    const first = readWrites(await task.toResponse());
    await first.until('"message":"one"');
    const responses = await Promise.all(
      [here, elsewhere].flatMap((context) =>
        ['0-0', '0-2', '0-4'].map((cursor) => follow(toTaskStreamContext(context), taskId, cursor)),
      ),
    );
    gate.resolve(undefined);
    const whole = withoutHeartbeats(await first.rest());
    const texts = await Promise.all(responses.map((response) => response.text()));
    for (const [index, cursor] of ['0-0', '0-2', '0-4', '0-0', '0-2', '0-4'].entries()) {
      const text = withoutHeartbeats(texts[index] ?? '').replace('retry: 1000\n\n', '');
      expect(text).toBe(textAfter(whole, cursor));
    }
  });

  it('answers 204 once it is over, here and elsewhere, with and without a cursor', async () => {
    const { task, taskId, gate } = startGatedTask();
    gate.resolve(undefined);
    await task.consume();
    for (const streamContext of [here, elsewhere]) {
      for (const lastEventId of [undefined, '0-1', '0-99']) {
        const request = new Request('http://localhost/', {
          headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
        });
        const { status } = await resumeTask({ taskId, streamContext, request }).toResponse();
        expect(status).toBe(204);
      }
    }
  });

  it('that was over before its own response was asked for is all in that', async () => {
    const task = streamTask({ streamContext: here, execute: () => 'quick' });
    await task.consume();
    const text = await (await task.toResponse()).text();
    expect(typesIn(text)).toEqual([
      'start',
      'data-task',
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    expect(await task.result).toBe('quick');
  });

  it('answers 204 to a second streamTask that joins it when it is over', async () => {
    const { task, taskId, gate } = startGatedTask();
    gate.resolve(undefined);
    await task.consume();
    const execute = vi.fn();
    for (const streamContext of [here, elsewhere]) {
      const again = streamTask({ taskId, streamContext, execute });
      const { status, headers } = await again.toResponse();
      expect({ status, taskId: headers.get('x-task-id') }).toEqual({ status: 204, taskId });
      await expect(again.result).rejects.toMatchObject({ code: 'unsettled' });
    }
    expect(execute).not.toHaveBeenCalled();
  });

  it('finishes what readers had begun to read, in their own time', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const readers = [await openReader(here, taskId), await openReader(elsewhere, taskId)];
    for (let n = 1; n < 50; n++) log.append(chunk(n));
    await log.settle([chunk(50)], 'completed');
    expect(await toTaskStreamContext(elsewhere).read(taskId)).toMatchObject({ isEnded: true });
    for (const reader of readers) {
      expect(reader.isEnded).toBe(false);
      expect(await receive(reader)).toEqual(numbered(0, 51));
      reader.close();
    }
  });

  it('is joined by a second streamTask elsewhere, whose execute does not run', async () => {
    const { task, taskId, gate } = startGatedTask();
    await task.toResponse();
    const execute = vi.fn();
    const other = streamTask({ taskId, streamContext: elsewhere, execute });
    const response = await other.toResponse();
    gate.resolve(undefined);
    expect(typesIn(await response.text())).toContain('data-task-settle');
    await expect(other.result.catch((error) => error.code)).resolves.toBe('unsettled');
    expect(execute).not.toHaveBeenCalled();
  });

  it('gives its result to a streamTask elsewhere that joined in time', async () => {
    const { task, taskId, gate } = startGatedTask();
    await task.toResponse();
    const other = streamTask({ taskId, streamContext: elsewhere, execute: () => ({ words: 0 }) });
    const result = other.result;
    await until(() => bus.published.some(({ channel }) => channel.includes(':chunk:')));
    gate.resolve(undefined);
    await expect(result).resolves.toEqual({ words: 2 });
  });

  it('looks unknown to all but its owner, here and elsewhere', async () => {
    const { task, taskId, gate } = startGatedTask({ owner: 'me' });
    await task.toResponse();
    for (const streamContext of [here, elsewhere]) {
      for (const owner of [undefined, '', 'you']) {
        const response = await resumeTask({ taskId, streamContext, owner }).toResponse();
        expect(response.status).toBe(404);
      }
      const response = await resumeTask({ taskId, streamContext, owner: 'me' }).toResponse();
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
    gate.resolve(undefined);
    await task.consume();
  });

  it('is 404 when it never was', async () => {
    for (const streamContext of [here, elsewhere]) {
      const response = await resumeTask({ taskId: createId(), streamContext }).toResponse();
      expect(response.status).toBe(404);
    }
  });

  it.each(['throws', 'is cancelled'])('that %s ends their stream in good order', async (how) => {
    const { task, taskId, gate } = startGatedTask();
    await task.toResponse();
    const response = await follow(toTaskStreamContext(elsewhere), taskId);
    if (how === 'throws') gate.reject(new Error('broken'));
    else await task.cancel();
    expect(typesIn(await response.text()).at(-1)).toBe(how === 'throws' ? 'error' : 'abort');
    await task.result.catch(() => {});
    await Promise.all(awaited);
    expect(bus.values.get(streamKey(taskId))).toBe('DONE');
    expect(bus.channelCount()).toBe(0);
  });

  it('belongs to the context that was given, whichever copy of the module asks', async () => {
    const { task, taskId, gate } = startGatedTask({ chatId: 'chat' });
    await task.toResponse();
    vi.resetModules();
    const copy = await import('ai-task-stream/server');
    expect(copy.cancelTask).not.toBe(cancelTask);
    const response = await copy.resumeTask({ chatId: 'chat', streamContext: here }).toResponse();
    expect(response.headers.get('x-task-id')).toBe(taskId);
    expect(await copy.cancelTask({ taskId, streamContext: here })).toBe(true);
    expect(typesIn(await response.text()).at(-1)).toBe('abort');
    gate.resolve(undefined);
  });

  it('does not warn of memory that instances do not share', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubEnv('VERCEL', '1');
    try {
      vi.resetModules();
      const copy = await import('ai-task-stream/server');
      await copy.streamTask({ streamContext: here, execute: () => 1 }).consume();
      expect(warn).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllEnvs();
      warn.mockRestore();
    }
  });

  it('keeps its instance alive until its end is sent', async () => {
    const { task, gate } = startGatedTask();
    await task.toResponse();
    expect(awaited).toHaveLength(1);
    gate.resolve(undefined);
    await task.consume();
    await Promise.all(awaited);
  });

  it('is served by a route', async () => {
    const definition = defineTask({ name: 'quick', execute: async () => 'done' });
    const route = createTaskRoute(definition, { streamContext: here });
    const taskId = createId();
    const body = JSON.stringify({ taskId });
    const headers = { 'content-type': 'application/json' };
    const request = new Request('http://localhost/', { method: 'POST', body, headers });
    const text = await (await route.POST(request)).text();
    expect(typesIn(text)).toContain('data-task-settle');
    const get = await route.GET(new Request(`http://localhost/?taskId=${taskId}`));
    expect(get.status).toBe(204);
  });
});

describe('a cancel', () => {
  it('works where the task runs', async () => {
    const { task, taskId } = startGatedTask({ owner: 'me' });
    const text = (await task.toResponse()).text();
    expect(await cancelTask({ taskId, streamContext: here })).toBe(false);
    expect(await cancelTask({ taskId, streamContext: here, owner: 'me', reason: 'Enough.' })).toBe(
      true,
    );
    expect(chunksIn(await text).at(-1)).toEqual({ type: 'abort', reason: 'Enough.' });
  });

  it('is false elsewhere, while the task runs and afterwards', async () => {
    const { task, taskId, gate } = startGatedTask();
    await task.toResponse();
    expect(await cancelTask({ taskId, streamContext: elsewhere })).toBe(false);
    gate.resolve(undefined);
    await expect(task.result).resolves.toEqual({ words: 2 });
    expect(await cancelTask({ taskId, streamContext: elsewhere })).toBe(false);
    expect(await cancelTask({ taskId, streamContext: here })).toBe(false);
  });

  it('by a route elsewhere says that it was not, and 404 for a task of another owner', async () => {
    const taskId = createId();
    const gate = createDeferred();
    const definition = defineTask({ name: 'gated', execute: () => gate.promise });
    const home = createTaskRoute(definition, { streamContext: here, owner: () => 'me' });
    const own = await home.POST(
      new Request('http://localhost/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId }),
      }),
    );
    const answers = ['me', 'you'].map(async (owner) => {
      const route = createTaskRoute(definition, { streamContext: elsewhere, owner: () => owner });
      const url = `http://localhost/?taskId=${taskId}`;
      const response = await route.DELETE(new Request(url, { method: 'DELETE' }));
      return [response.status, await response.json()];
    });
    const [mine, yours] = await Promise.all(answers);
    expect(mine).toEqual([200, { cancelled: false }]);
    expect(yours).toMatchObject([404, { error: { code: 'not-found' } }]);
    gate.resolve();
    await own.text();
    await until(() => bus.channelCount() === 0);
  });

  it('that comes before the task is kept in its process', async () => {
    const taskId = createId();
    expect(await cancelTask({ taskId, streamContext: here, reason: 'early' })).toBe(true);
    const { task } = startGatedTask({ taskId });
    await expect(task.result).rejects.toMatchObject({ code: 'cancelled', message: 'early' });
  });

  it('that comes while the task is being opened reaches it', async () => {
    const taskId = createId();
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'set' ? gate.promise : undefined);
    const { task } = startGatedTask({ taskId });
    await turns();
    const cancelled = cancelTask({ taskId, streamContext: here, reason: 'early' });
    expect(await cancelled).toBe(true);
    gate.resolve();
    await expect(task.result).rejects.toMatchObject({ code: 'cancelled', message: 'early' });
  });

  it('does not hang when nothing answers', async () => {
    vi.useFakeTimers();
    bus.onCommand = () => new Promise(() => {});
    const cancelled = cancelTask({ taskId: createId(), streamContext: here });
    const refused = expect(cancelled).rejects.toMatchObject({ code: 'context-unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
  });
});

describe('a chat', () => {
  it('has its active task where that runs, and none elsewhere', async () => {
    const { task, taskId, gate } = startGatedTask({ chatId: 'chat' });
    await task.toResponse();
    const own = await resumeTask({ chatId: 'chat', streamContext: here }).toResponse();
    expect(own.headers.get('x-task-id')).toBe(taskId);
    const other = await resumeTask({ chatId: 'chat', streamContext: elsewhere }).toResponse();
    expect(other.status).toBe(204);
    const { task: next, gate: nextGate } = startGatedTask({ chatId: 'chat' });
    await expect(task.result).rejects.toMatchObject({ message: 'superseded' });
    nextGate.resolve(undefined);
    await next.consume();
    await own.body?.cancel();
    gate.resolve(undefined);
  });
});

describe('opening a task while the storage is away', () => {
  it('is refused at once when it says so, and execute does not run', async () => {
    bus.onCommand = () => {
      throw new Error('Connection refused');
    };
    const execute = vi.fn();
    const task = streamTask({ streamContext: here, execute, onError: () => {} });
    const response = await task.toResponse();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ error: { code: 'context-unavailable' } });
    expect(execute).not.toHaveBeenCalled();
  });

  it.each(['get', 'subscribe', 'set'])('is refused after 5 s when `%s` hangs', async (hanging) => {
    vi.useFakeTimers();
    bus.onCommand = (command) => (command === hanging ? new Promise(() => {}) : undefined);
    const execute = vi.fn();
    const task = streamTask({ streamContext: here, execute, onError: () => {} });
    let status: number | undefined;
    task.toResponse().then((response) => {
      status = response.status;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(status).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(status).toBe(503);
    expect(execute).not.toHaveBeenCalled();
  });

  it('runs the work for its first response when the host wants that', async () => {
    bus.onCommand = () => {
      throw new Error('Connection refused');
    };
    const task = streamTask({
      streamContext: here,
      whenUnavailable: 'run',
      execute: () => 'all the same',
      onError: () => {},
    });
    await expect(task.result).resolves.toBe('all the same');
  });

  it('leaves the task to the next attempt, also when the answer comes late', async () => {
    vi.useFakeTimers();
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'set' ? gate.promise : undefined);
    const taskId = createId();
    const execute = vi.fn(() => 'second');
    const first = streamTask({ taskId, streamContext: here, execute, onError: () => {} });
    const refused = expect(first.result).rejects.toMatchObject({ code: 'context-unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
    gate.resolve();
    await vi.advanceTimersByTimeAsync(10);
    expect(bus.values.get(streamKey(taskId))).toBe('1');
    const second = streamTask({ taskId, streamContext: here, execute });
    const result = second.result;
    await vi.advanceTimersByTimeAsync(10);
    expect(await result).toBe('second');
    expect(execute).toHaveBeenCalledTimes(1);
  });

  it('ends a stream that was created late and that no attempt takes', async () => {
    vi.useFakeTimers();
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'set' ? gate.promise : undefined);
    const taskId = createId();
    const task = streamTask({ taskId, streamContext: here, execute: () => 1, onError: () => {} });
    const refused = expect(task.result).rejects.toMatchObject({ code: 'context-unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
    gate.resolve();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bus.values.get(streamKey(taskId))).toBe('DONE');
    await Promise.all(awaited);
  });

  it('creates nothing for an attempt that was given up before', async () => {
    vi.useFakeTimers();
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'get' ? gate.promise : undefined);
    const taskId = createId();
    const task = streamTask({ taskId, streamContext: here, execute: () => 1, onError: () => {} });
    const refused = expect(task.result).rejects.toMatchObject({ code: 'context-unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
    gate.resolve();
    await vi.advanceTimersByTimeAsync(100);
    expect(bus.values.has(streamKey(taskId))).toBe(false);
  });

  it('lets one of many run that open it at the same time in one process', async () => {
    const taskId = createId();
    let runs = 0;
    const tasks = Array.from({ length: 20 }, () =>
      streamTask({
        taskId,
        streamContext: here,
        execute: async () => {
          runs++;
          await turns(20);
          return 'one';
        },
      }),
    );
    expect(new Set(await Promise.all(tasks.map(({ result }) => result)))).toEqual(new Set(['one']));
    expect(runs).toBe(1);
    expect(awaited).toHaveLength(1);
  });
});

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

describe('the lines of a log', () => {
  const header = { version: 1, epoch: 0, createdAt: 1, leaseMs: 1_000 } as const;
  // Frames 3 and 4 are not sent.
  const strings = [
    encodeHeader(header) + encodeFrameLine(0, chunk('Grüße 漢字 😀')),
    encodeFrameLine(1, chunk(1)) + encodeFrameLine(2, chunk(2)) + encodeMark('full', 3),
    encodeMark('sent', 3),
    encodeMark('skip', 3, 5) + encodeFrameLine(5, chunk(5)),
    encodeFrameLine(6, chunk(6)) + encodeMark('end', 7),
  ].map((lines) => encodeRun('run') + lines);

  function assemble(pieces: readonly string[]) {
    const parse = createLineParser();
    const log = createMirrorLog('task');
    for (const piece of pieces) for (const line of parse(piece)) log.add(line);
    return log;
  }

  const whole = {
    header,
    window: {
      segments: [
        { offset: 0, data: [chunk('Grüße 漢字 😀'), chunk(1), chunk(2)] },
        { offset: 5, data: [chunk(5), chunk(6)] },
      ],
      isEnded: true,
      gap: { from: 3, cause: 'log-full' },
    },
    lacksFrames: false,
  };

  it('make the log again in any order, and when some come twice', () => {
    const order = fc.shuffledSubarray(strings, { minLength: strings.length });
    fc.assert(
      fc.property(order, fc.subarray(strings), (first, again) => {
        expect(assemble([...first, ...again])).toMatchObject(whole);
        expect(assemble([...again, ...first])).toMatchObject(whole);
      }),
    );
  });

  it('make the log again wherever they are cut', () => {
    const text = strings.join('');
    for (let at = 0; at <= text.length; at++) {
      expect(assemble([text.slice(0, at), text.slice(at)])).toMatchObject(whole);
    }
    expect(assemble([...text])).toMatchObject(whole);
  });

  it('tell what is missing of them', () => {
    for (const [index, missing] of strings.entries()) {
      const log = assemble(strings.filter((other) => other !== missing));
      // A mark that only repeats what the others say is not missed.
      const isEnded = log.window?.isEnded === true;
      expect(isEnded).toBe(index === 2);
      expect(log.lacksFrames || !isEnded).toBe(index !== 2);
    }
  });

  it('count only when they are from one process, the first', () => {
    const others = strings.map((lines) => lines.replace('run run', 'run other'));
    const mixed = strings.flatMap((lines, index) => [lines, others[index] ?? '']);
    expect(assemble(mixed)).toMatchObject(whole);
    const foreign = others.map((lines) => lines.replaceAll('"data-n"', '"data-other"'));
    expect(assemble([strings[0] ?? '', ...foreign, ...strings])).toMatchObject(whole);
  });

  it('that are damaged are left out', () => {
    const damaged = ['x\n', 'task {\n', 'skip 1 x\n', 'end\n', '-1 {}\n', 'frame 1\n', '\n'];
    expect(assemble(strings.flatMap((text) => [text, ...damaged]))).toMatchObject(whole);
  });
});

describe('a reader elsewhere', () => {
  it('sees heartbeats while the producer lives, however long it says nothing', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    const log = await openLog(taskId, { leaseMs: 1_000 });
    const reader = await openReader(elsewhere, taskId);
    const requests = () => bus.published.filter(({ channel }) => channel.includes(':request:'));
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(reader.isAlive).toBe(true);
    }
    expect(requests()).toHaveLength(1);
    const settling = log.settle([chunk(1)], 'completed');
    await vi.advanceTimersByTimeAsync(100);
    await settling;
    expect(await receive(reader)).toEqual(numbered(0, 2));
    reader.close();
  });

  it('of a producer that is gone fails as lost, within three heartbeats and 1 s', async () => {
    vi.useFakeTimers();
    const heartbeatMs = 5_000;
    const { task, taskId } = startGatedTask({ heartbeatMs });
    await task.toResponse();
    const follower = streamTask({
      taskId,
      streamContext: elsewhere,
      execute: () => undefined,
      heartbeatMs,
    });
    const outcome = follower.consume().then(
      () => 'settled',
      (error) => error.code,
    );
    const body = (await follower.toResponse()).text().catch((error) => error.code);
    await vi.advanceTimersByTimeAsync(100);
    // The process of the producer stops: nothing that it publishes or is asked for passes.
    bus.deliver = () => {};
    let known: unknown;
    outcome.then((code) => {
      known = code;
    });
    await vi.advanceTimersByTimeAsync(2 * heartbeatMs - 200);
    expect(known).toBeUndefined();
    await vi.advanceTimersByTimeAsync(heartbeatMs + 1_200);
    expect(known).toBe('lost');
    expect(await body).toBe('lost');
    const settling = task.cancel();
    await vi.advanceTimersByTimeAsync(10_000);
    await settling;
  });

  it('counts a silent producer as dead before it fails', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    await openLog(taskId, { leaseMs: 2_000 });
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    bus.deliver = () => {};
    await vi.advanceTimersByTimeAsync(1_900);
    const inspect = () => toTaskStreamContext(elsewhere).inspect(taskId);
    expect(reader.isAlive).toBe(true);
    expect(await inspect()).not.toHaveProperty('isLost');
    await vi.advanceTimersByTimeAsync(200);
    expect(reader.isAlive).toBe(false);
    expect(await inspect()).toMatchObject({ status: 'running', isLost: true });
    expect(reader.isEnded).toBe(false);
    const failed = expect(reader.next()).rejects.toMatchObject({ code: 'lost', retryable: true });
    await vi.advanceTimersByTimeAsync(5_000);
    await failed;
    reader.close();
    expect(reader.isEnded).toBe(true);
  });

  it('that finds nobody answering gets 503, and leaves nothing behind', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    bus.values.set(streamKey(taskId), '1');
    let status: number | undefined;
    resumeTask({ taskId, streamContext: elsewhere })
      .toResponse()
      .then((response) => {
        status = response.status;
      });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(status).toBe(503);
    expect(bus.channelCount()).toBe(0);
  });

  it('whose stream comes too late is cancelled', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    const log = await openLog(taskId);
    const gate = createDeferred();
    bus.onCommand = (command) => (command === 'get' ? gate.promise : undefined);
    const response = resumeTask({ taskId, streamContext: elsewhere }).toResponse();
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await response).status).toBe(503);
    gate.resolve();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(bus.published.some(({ channel }) => channel.includes(':chunk:'))).toBe(true);
    expect(bus.channelCount()).toBe(1);
    const settling = log.settle([], 'completed');
    await vi.advanceTimersByTimeAsync(100);
    await settling;
  });

  it('learns of the end when their end mark comes before the last frames', async () => {
    vi.useFakeTimers();
    const taskId = createId();
    const log = await openLog(taskId);
    const reader = await openReader(elsewhere, taskId);
    await receive(reader, 1);
    bus.deliver = (message, deliver) => {
      if (message.includes('DONE_SENTINEL')) deliver(message);
    };
    const settling = log.settle([chunk(1)], 'completed');
    const rest = receive(reader);
    await vi.advanceTimersByTimeAsync(2_000);
    await settling;
    expect((await rest).map(({ data }) => JSON.parse(data))).toMatchObject([
      { type: 'data-task-error', data: { taskId, code: 'gap' } },
    ]);
    expect(reader.isEnded).toBe(true);
    reader.close();
  });

  it('leaves the others of its process alone when it leaves', async () => {
    const taskId = createId();
    const log = await openLog(taskId);
    const [leaving, staying] = await Promise.all([
      openReader(elsewhere, taskId),
      openReader(elsewhere, taskId),
    ]);
    await receive(leaving, 1);
    const waiting = leaving.next();
    leaving.close();
    leaving.close();
    expect(await waiting).toMatchObject({ done: true });
    expect(leaving.isEnded).toBe(true);
    expect(leaving.take()).toBeUndefined();
    await log.settle([chunk(1)], 'completed');
    expect(await receive(staying)).toEqual(numbered(0, 2));
    staying.close();
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

describe('the option `streamContext`', () => {
  it('takes our own contexts as before', async () => {
    const streamContext = createMemoryStreamContext({ scope: createId() });
    const task = streamTask({ streamContext, execute: () => 'memory' });
    await task.consume();
    const response = await resumeTask({ taskId: task.taskId, streamContext }).toResponse();
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });
});
