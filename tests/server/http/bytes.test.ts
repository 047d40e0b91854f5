import { type FrameRange, resumeTask, type TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { absolute, relative, relativeEnd, relativeIds } from '../../helpers/cursors';
import {
  cursorsIn,
  parseFrames,
  readWrites,
  textAfter,
  typesIn,
  withoutHeartbeats,
} from '../../helpers/sse';
import {
  createId,
  createOwnContext,
  follow,
  followRequest,
  runToText,
  startOwnTask,
} from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

function useFakeTimers() {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
}

const heartbeatPattern = /^data: \{"type":"data-task-heartbeat"[^\n]*\n\n$/;

describe('the first bytes', () => {
  it('leave at once, before execute has done anything', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({ execute: () => gate.promise });
    const writes = readWrites(await task.toResponse());
    expect(await writes.next()).toBe('retry: 1000\n\n');
    gate.resolve();
    await writes.rest();
  });

  it('are the preamble in a resumed response, too', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const writes = readWrites(await follow(streamContext, task.taskId, '0-1'));
    expect(await writes.next()).toBe('retry: 1000\n\n');
    await writes.leave();
  });
});

describe('heartbeats', () => {
  it('come with the first frames, then once per interval, carry no id and are never stored', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const writes = readWrites(await task.toResponse());
    await writes.next();
    const first = (await writes.next()) ?? '';
    expect(typesIn(first)).toEqual(['start', 'data-task']);
    const frames = parseFrames(first);
    expect(frames.at(-1)).toEqual({
      id: undefined,
      data: JSON.stringify({
        type: 'data-task-heartbeat',
        data: { taskId: task.taskId, at: Date.now(), intervalMs: 1_000 },
        transient: true,
      }),
    });
    for (let beat = 0; beat < 3; beat++) {
      const next = writes.next();
      await turns();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await next).toMatch(heartbeatPattern);
    }
    expect(await relativeEnd(streamContext, task.taskId)).toBe('0-1');
    gate.resolve();
    const text = await writes.rest();
    expect(text.match(/data-task-heartbeat/g)).toHaveLength(4);
    const replay = await (await follow(streamContext, task.taskId)).text();
    expect(replay).not.toContain('data-task-heartbeat');
    expect(vi.getTimerCount()).toBe(1);
  });

  it('come to a reader that has nothing new to read, within one interval', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({ execute: () => gate.promise });
    await turns();
    const writes = readWrites(await follow(streamContext, task.taskId, '0-1'));
    await writes.next();
    expect(await writes.next()).toMatch(heartbeatPattern);
    const second = writes.next();
    await turns();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await second).toMatch(heartbeatPattern);
    gate.resolve();
    await writes.rest();
  });

  it('belong to their connection, each with its own interval', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const fast = readWrites(await task.toResponse());
    const { taskId } = task;
    const slow = readWrites(
      await resumeTask({ taskId, streamContext, heartbeatMs: 10_000 }).toResponse(),
    );
    const count = async (writes: typeof fast) =>
      (await writes.rest()).match(/"intervalMs":/g)?.length;
    const texts = Promise.all([count(fast), count(slow)]);
    await turns();
    for (let second = 0; second < 20; second++) await vi.advanceTimersByTimeAsync(1_000);
    gate.resolve();
    expect(await texts).toEqual([21, 3]);
  });

  it('stop once the producer does not count as alive', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const context = createOwnContext();
    let isAlive = true;
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        return Object.create(reader, { isAlive: { get: () => isAlive } });
      },
    };
    const { task } = startOwnTask({
      streamContext,
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const writes = readWrites(await task.toResponse());
    const text = writes.rest();
    await turns();
    await vi.advanceTimersByTimeAsync(2_000);
    isAlive = false;
    await vi.advanceTimersByTimeAsync(60_000);
    gate.resolve();
    expect((await text).match(/data-task-heartbeat/g)).toHaveLength(3);
  });

  it('do not pile up before a client that has stopped reading', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task } = startOwnTask({ heartbeatMs: 1_000, execute: () => gate.promise });
    const writes = readWrites(await task.toResponse());
    await writes.next();
    await writes.next();
    const last = writes.next();
    await turns();
    await vi.advanceTimersByTimeAsync(1_000);
    await last;
    await vi.advanceTimersByTimeAsync(100_000);
    gate.resolve();
    expect((await writes.rest()).match(/data-task-heartbeat/g)?.length).toBeLessThanOrEqual(4);
  });
});

describe('what is pending', () => {
  it('goes out in one write', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({
      execute: async ({ writer }) => {
        await gate.promise;
        for (let n = 0; n < 100; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    const writes = readWrites(await task.toResponse());
    await writes.next();
    await writes.next();
    const next = writes.next();
    gate.resolve();
    const text = (await next) ?? '';
    expect(typesIn(text)).toEqual([
      ...Array.from({ length: 100 }, () => 'data-n'),
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await writes.next()).toBeUndefined();
  });

  it('is cut into writes of a bounded size when it is much', async () => {
    const line = 'x'.repeat(1_000);
    const { task, streamContext } = await runToText({
      execute: ({ writer }) => {
        for (let n = 0; n < 1_000; n++) writer.write({ type: 'data-n', data: line });
      },
    });
    const writes = readWrites(await follow(streamContext, task.taskId));
    let count = 0;
    for (let write = await writes.next(); write !== undefined; write = await writes.next()) {
      expect(write.length).toBeLessThan(70_000);
      count++;
    }
    expect(count).toBeGreaterThan(14);
    expect(count).toBeLessThan(25);
  });

  it('is not even read while nobody pulls', async () => {
    const context = createOwnContext();
    const reads = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { take, next } = reader;
        reader.take = () => {
          reads();
          return take();
        };
        reader.next = () => {
          reads();
          return next();
        };
        return reader;
      },
    };
    const { task } = startOwnTask({ streamContext, execute: () => 1 });
    const response = await task.toResponse();
    await task.result;
    await turns();
    expect(reads).not.toHaveBeenCalled();
    const reader = response.body?.getReader();
    await reader?.read();
    await turns();
    expect(reads).not.toHaveBeenCalled();
    await reader?.cancel();
  });
});

describe('a replay', () => {
  it('is compacted', async () => {
    const { task, streamContext } = await runToText({
      progressIntervalMs: 0,
      execute: ({ task, writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['a', 'b', 'c']) {
          writer.write({ type: 'text-delta', id: 't', delta });
          task.progress({ value: 1 });
        }
        task.log('one');
        task.log('two');
      },
    });
    const text = await (await follow(streamContext, task.taskId)).text();
    expect(relative(cursorsIn(text))).toEqual([
      '0-0',
      '0-1',
      '0-2',
      '0-7',
      '0-9',
      '0-10',
      '0-11',
      '0-12',
      '0-13',
      '0-14',
    ]);
    expect(relativeIds(text)).toContain(
      'id: 0-7\ndata: {"type":"text-delta","id":"t","delta":"abc"}\n\n',
    );
  });

  it('is not what somebody gets who follows live', async () => {
    const steps = [createDeferred(), createDeferred(), createDeferred()];
    const { task } = startOwnTask({
      progressIntervalMs: 0,
      execute: async ({ task, writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const step of steps) {
          await step.promise;
          writer.write({ type: 'text-delta', id: 't', delta: 'a' });
          writer.write({ type: 'text-delta', id: 't', delta: 'b' });
          task.progress({ value: 1 });
          task.progress({ value: 2 });
        }
      },
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('text-start');
    for (const [index, step] of steps.entries()) {
      const next = writes.next();
      step.resolve();
      expect(typesIn((await next) ?? '').slice(0, 4), `step ${index}`).toEqual([
        'text-delta',
        'text-delta',
        'data-task',
        'data-task',
      ]);
    }
    await writes.rest();
  });

  it('from every cursor gives exactly the rest', async () => {
    const { task, streamContext } = await runToText({
      progressIntervalMs: 0,
      execute: ({ task, writer }) => {
        writer.write({ type: 'start-step' });
        for (let n = 0; n < 10; n++) {
          task.log(`line ${n}`);
          writer.write({ type: 'data-n', data: n });
        }
      },
    });
    const whole = withoutHeartbeats(await (await follow(streamContext, task.taskId)).text());
    const cursors = cursorsIn(whole);
    for (const cursor of cursors.slice(0, -1)) {
      const response = await follow(streamContext, task.taskId, cursor);
      const text = withoutHeartbeats(await response.text());
      expect(text).toBe(`retry: 1000\n\n${textAfter(whole, cursor)}`);
    }
    const last = await follow(streamContext, task.taskId, cursors.at(-1));
    expect(last.status).toBe(204);
    expect(await last.text()).toBe('');
    expect(last.headers.get('x-task-id')).toBe(task.taskId);
  });

  it('from a cursor that lies between two fused deltas neither loses nor doubles', async () => {
    const { task, streamContext } = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['a', 'b', 'c', 'd'])
          writer.write({ type: 'text-delta', id: 't', delta });
      },
    });
    const text = await (await follow(streamContext, task.taskId, '0-4')).text();
    expect(relativeIds(text)).toContain(
      'id: 0-6\ndata: {"type":"text-delta","id":"t","delta":"cd"}\n\n',
    );
  });

  it('goes over into the live stream without a gap', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        for (let n = 0; n < 5; n++) writer.write({ type: 'data-n', data: n });
        await gate.promise;
        for (let n = 5; n < 10; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await until(async () => (await relativeEnd(streamContext, task.taskId)) === '0-6');
    const writes = readWrites(await follow(streamContext, task.taskId, '0-3'));
    await writes.until(/^id: \d+-6$/m);
    gate.resolve();
    expect(relative(cursorsIn(await writes.rest()))).toEqual(
      Array.from({ length: 11 }, (_, index) => `0-${index + 4}`),
    );
  });
});

describe('resumeTask', () => {
  async function answer(response: Response) {
    return { status: response.status, text: await response.text() };
  }

  it.each(['0', 'x', '0-', '-1', '0-01', '0-1-2', '1e3-0', ' ', 'null'])(
    'answers the cursor %j with 400',
    async (cursor) => {
      const { task, streamContext } = await runToText({ execute: () => {} });
      const { taskId } = task;
      const url = `http://localhost/task?lastEventId=${encodeURIComponent(cursor)}`;
      const inQuery = await resumeTask({
        taskId,
        streamContext,
        request: new Request(url),
      }).toResponse();
      expect(await answer(inQuery)).toEqual({
        status: 400,
        text: JSON.stringify({
          error: {
            code: 'invalid-cursor',
            message:
              'Last-Event-ID is not of the form `epoch-n`, such as `0-41`. Send the last `id` that was received as it is.',
          },
        }),
      });
      if (cursor.trim() === '') return;
      const inHeader = await follow(streamContext, taskId, cursor);
      expect(inHeader.status).toBe(400);
    },
  );

  it('takes the cursor of the header over that of the query', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const { taskId } = task;
    const read = async (header: string | undefined, query: string) => {
      const at = (cursor: string) => absolute(streamContext, taskId, cursor);
      const headers = header === undefined ? undefined : { 'last-event-id': await at(header) };
      const url = `http://localhost/?lastEventId=${await at(query)}`;
      const request = new Request(url, { headers });
      const response = await resumeTask({ taskId, streamContext, request }).toResponse();
      const { status } = response;
      return status === 200 ? relative(cursorsIn(await response.text())) : status;
    };
    expect(await read('0-2', '0-0')).toEqual(['0-3', '0-4']);
    expect(await read(undefined, '0-1')).toEqual(['0-2', '0-3', '0-4']);
    expect(await read('0-2', 'nonsense')).toEqual(['0-3', '0-4']);
    expect(await read('nonsense', '0-2')).toBe(400);
    expect(await read(undefined, '')).toHaveLength(5);
  });

  it('answers an unknown task by taskId with 404, and by chatId with 204', async () => {
    const streamContext = createOwnContext();
    expect(
      await answer(await resumeTask({ taskId: createId(), streamContext }).toResponse()),
    ).toEqual({
      status: 404,
      text: JSON.stringify({
        error: {
          code: 'not-found',
          message: 'There is no such task, or its log is no longer kept. Start it anew.',
        },
      }),
    });
    expect(await answer(await resumeTask({ chatId: 'chat', streamContext }).toResponse())).toEqual({
      status: 204,
      text: '',
    });
  });

  it('answers a malformed or missing taskId with 400', async () => {
    for (const options of [{ taskId: 'short' }, {}]) {
      const response = await resumeTask({
        ...options,
        streamContext: createOwnContext(),
      }).toResponse();
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'invalid-task-id' } });
    }
  });

  it('follows the active task of a chat, of its owner only', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      chatId: 'chat',
      owner: 'me',
      execute: () => gate.promise,
    });
    await turns();
    const resume = (owner?: string) =>
      resumeTask({ chatId: 'chat', streamContext, owner }).toResponse();
    expect((await resume()).status).toBe(204);
    expect((await resume('you')).status).toBe(204);
    const mine = await resume('me');
    expect(mine.status).toBe(200);
    expect(mine.headers.get('x-task-id')).toBe(task.taskId);
    gate.resolve();
    await mine.text();
    await until(async () => (await resume('me')).status === 204);
  });

  it('passes the headers of the host on', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const headers = { 'x-own': '1' };
    const { taskId } = task;
    const last = await absolute(streamContext, taskId, '0-4');
    for (const cursor of [undefined, last, 'bad']) {
      const request = followRequest(cursor);
      const response = await resumeTask({ taskId, streamContext, request }).toResponse({ headers });
      expect(response.headers.get('x-own')).toBe('1');
      await response.text();
    }
  });

  it('waits at a cursor beyond the end of a running task, and goes on after it', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        await gate.promise;
        for (let n = 2; n < 8; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await turns();
    const writes = readWrites(await follow(streamContext, task.taskId, '0-5'));
    await writes.until('data-task-heartbeat');
    gate.resolve();
    expect(relative(cursorsIn(await writes.rest()))).toEqual(['0-6', '0-7', '0-8', '0-9', '0-10']);
  });
});

describe('many readers', () => {
  it('share one log: each range is a view of the same array', async () => {
    const context = createOwnContext();
    const logs = new Set<FrameRange['data']>();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { next } = reader;
        reader.next = async () => {
          const step = await next();
          if (step.value) logs.add(step.value.data);
          return step;
        };
        return reader;
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({
      streamContext,
      heartbeatMs: 600_000,
      execute: async ({ writer }) => {
        for (let n = 0; n < 20; n++) writer.write({ type: 'data-n', data: n });
        await gate.promise;
        for (let n = 20; n < 40; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await turns();
    const texts = Promise.all(
      Array.from({ length: 1_000 }, async () => (await follow(streamContext, task.taskId)).text()),
    );
    await turns(20);
    gate.resolve();
    const distinct = new Set((await texts).map(withoutHeartbeats));
    expect(distinct.size).toBe(1);
    expect(cursorsIn([...distinct][0] ?? '')).toHaveLength(45);
    expect(logs.size).toBe(1);
  });

  it('are not slowed by one that has stopped reading, which later reads it all', async () => {
    const total = 5_000;
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        for (let n = 0; n < total; n++) {
          writer.write({ type: 'data-n', data: n });
          if (n % 500 === 0) await turns(1);
        }
      },
    });
    const stuck = readWrites(await task.toResponse());
    await stuck.next();
    const quick = await (await follow(streamContext, task.taskId)).text();
    expect(cursorsIn(quick)).toHaveLength(total + 5);
    await task.result;
    expect(cursorsIn(await stuck.rest())).toEqual(cursorsIn(quick));
  });
});

describe('a client that leaves', () => {
  it('is forgotten at once, while it waits and while it reads', async () => {
    useFakeTimers();
    const context = createOwnContext();
    const closes = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { close } = reader;
        reader.close = () => {
          closes();
          close();
        };
        return reader;
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    await (await task.toResponse()).body?.cancel();
    expect(closes).toHaveBeenCalledTimes(1);
    const waiting = readWrites(await task.toResponse());
    await waiting.next();
    await waiting.next();
    const pending = waiting.next();
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    await waiting.leave();
    expect(await pending).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    expect(closes).toHaveBeenCalledTimes(2);
    gate.resolve();
    await task.result;
  });
});

describe('a log that breaks while it is read', () => {
  it('fails the response, and leaves nothing running', async () => {
    const context = createOwnContext();
    const close = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const broken = () => Promise.reject(new Error('broken'));
        return Object.create(reader, { next: { value: broken }, close: { value: close } });
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    await expect((await task.toResponse()).text()).rejects.toThrow('broken');
    expect(close).toHaveBeenCalledOnce();
    gate.resolve();
    await context.read(task.taskId);
  });
});
