import {
  cancelTask,
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
} from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { aiVersions } from '../../helpers/ai-versions';
import { createDeferred, turns, until } from '../../helpers/async';
import { relative } from '../../helpers/cursors';
import { cursorsIn, readWrites, textAfter, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, follow } from '../../helpers/tasks';
import {
  awaited,
  bus,
  chunk,
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
