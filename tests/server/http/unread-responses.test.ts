// Who has asked for a stream may never read it, or stop. Whatever it keeps of the log must not
// stay for ever, and nothing of the stream may be lost for those who read late.
import {
  createTaskRoute,
  defineTask,
  resumeTask,
  type TaskStreamContext,
  toNodeHandler,
} from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { countReaders } from '../../helpers/count-readers';
import { relativeEnd } from '../../helpers/cursors';
import { withServer } from '../../helpers/http-server';
import { openConnection } from '../../helpers/keep-alive';
import { cursorsIn, readWrites, storedChunksIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext, follow, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

const head = (taskId: string, cursor?: string) =>
  new Request(`http://localhost/?taskId=${taskId}`, {
    method: 'HEAD',
    headers: cursor === undefined ? {} : { 'last-event-id': cursor },
  });

describe('HEAD', () => {
  it('is answered as GET would be, without a body and without a reader (R-HEAD-1)', async () => {
    const { streamContext, open } = countReaders(createOwnContext());
    const gate = createDeferred();
    const task = defineTask({ name: 'draw', execute: () => gate.promise });
    const { POST, GET } = createTaskRoute(task, { streamContext });
    const taskId = createId();
    const started = await POST(
      new Request('http://localhost', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId }),
      }),
    );
    const before = open.size;
    for (const answer of [
      await GET(head(taskId)),
      await resumeTask({ taskId, streamContext, request: head(taskId) }).toResponse(),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toBeNull();
      expect(Object.fromEntries(answer.headers)).toEqual(Object.fromEntries(started.headers));
    }
    expect((await GET(head(createId()))).status).toBe(404);
    expect((await GET(head('short'))).status).toBe(400);
    expect(open.size).toBe(before);
    gate.resolve();
    const last = cursorsIn(await started.text()).at(-1);
    expect((await GET(head(taskId))).status).toBe(200);
    expect((await GET(head(taskId, last))).status).toBe(204);
    expect(open.size).toBe(0);
  });

  it('by chat leaves no reader, and delivers nothing', async () => {
    const { streamContext, open } = countReaders(createOwnContext());
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, chatId: 'c', execute: () => gate.promise });
    await task.toResponse().then(({ body }) => body?.cancel());
    const onSettle = vi.fn();
    const options = { streamContext, chatId: 'c', request: head('') };
    const answer = await resumeTask({ ...options, onSettle }).toResponse();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-task-id')).toBe(task.taskId);
    expect(open.size).toBe(0);
    gate.resolve();
    await task.consume();
  });

  it('is served by toNodeHandler, and the connection goes on', async () => {
    const { streamContext, open } = countReaders(createOwnContext());
    const gate = createDeferred();
    const task = defineTask({ name: 'draw', execute: () => gate.promise });
    const route = createTaskRoute(task, { streamContext });
    await withServer(toNodeHandler(route), async (origin) => {
      const taskId = createId();
      const started = await fetch(origin, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId }),
      });
      const before = open.size;
      const connection = await openConnection(origin, { isHead: true });
      for (let round = 0; round < 3; round++) {
        connection.write(`HEAD /?taskId=${taskId} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        const { status, headers } = await connection.answer();
        expect(status).toBe(200);
        expect(headers.get('content-type')).toBe('text/event-stream');
      }
      connection.close();
      expect(open.size).toBe(before);
      gate.resolve();
      await started.text();
    });
  });

  it('ends at once where a host pipes a stream into its answer', async () => {
    const { streamContext, open } = countReaders(createOwnContext());
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    await withServer(
      (_request, response) => void task.pipeToResponse(response),
      async (origin) => {
        expect((await fetch(origin, { method: 'HEAD' })).status).toBe(200);
        await until(() => open.size === 0);
      },
    );
    gate.resolve();
    await task.consume();
  });
});

/** A task that has written, and goes on when told to. */
function startHalf(streamContext: TaskStreamContext) {
  const gate = createDeferred();
  const started = startOwnTask({
    streamContext,
    heartbeatMs: 5_000,
    execute: async ({ writer }) => {
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < 3; n++) writer.write({ type: 'data-n', data: 'x'.repeat(50_000) });
      await gate.promise;
      writer.write({ type: 'text-delta', id: 't', delta: 'the rest' });
    },
  });
  return { ...started, gate };
}

function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}

/** Lets so much time pass as a reader may be idle. */
async function letGo(): Promise<void> {
  await vi.advanceTimersByTimeAsync(20_000);
}

describe('a response', () => {
  it('of which nothing is read lets its reader go, and can be read all the same', async () => {
    useFakeTimers();
    const { streamContext, open } = countReaders(createOwnContext());
    const { task, gate } = startHalf(streamContext);
    await until(async () => (await streamContext.inspect(task.taskId)) !== undefined);
    const responses = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        n % 2 ? task.toResponse() : follow(streamContext, task.taskId),
      ),
    );
    expect(open.size).toBe(5);
    await letGo();
    expect(open.size).toBe(0);
    gate.resolve();
    const texts = await Promise.all(responses.map((response) => response.text()));
    const whole = withoutHeartbeats(await (await follow(streamContext, task.taskId)).text());
    for (const text of texts) expect(withoutHeartbeats(text)).toBe(whole);
    expect(whole.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(open.size).toBe(0);
  });

  it.each([1, 2, 3])(
    'whose reader was let go after %i reads goes on where it was',
    async (reads) => {
      useFakeTimers();
      const { streamContext, open } = countReaders(createOwnContext());
      const { task, gate } = startHalf(streamContext);
      await until(async () => (await relativeEnd(streamContext, task.taskId)) === '0-5');
      const writes = readWrites(await task.toResponse());
      for (let read = 0; read < reads; read++) await writes.next();
      await turns();
      await letGo();
      expect(open.size).toBe(0);
      gate.resolve();
      await task.consume();
      const text = await writes.rest();
      const whole = await (await follow(streamContext, task.taskId)).text();
      expect(storedChunksIn(text)).toEqual(storedChunksIn(whole));
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(open.size).toBe(0);
    },
  );

  it('that is being read keeps its reader, however long nothing comes', async () => {
    useFakeTimers();
    const { streamContext, opened } = countReaders(createOwnContext());
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    const response = await task.toResponse();
    const read = response.text();
    await turns();
    await vi.advanceTimersByTimeAsync(300_000);
    gate.resolve();
    expect((await read).endsWith('data: [DONE]\n\n')).toBe(true);
    expect(opened()).toBe(1);
  });

  it('that is read when the log is gone ends without the end mark', async () => {
    useFakeTimers();
    const base = createOwnContext({ maxTotalBytes: 1 });
    const { streamContext } = countReaders(base);
    const { task } = startOwnTask({ streamContext, execute: () => 1 });
    await task.consume();
    const response = await follow(streamContext, task.taskId);
    await letGo();
    await startOwnTask({ streamContext, execute: () => 2 }).task.consume();
    expect(await response.text()).toBe('retry: 1000\n\n');
  });

  it('that is read while the storage is away ends without the end mark', async () => {
    useFakeTimers();
    let isAway = false;
    const base = createOwnContext();
    const streamContext: TaskStreamContext = {
      ...base,
      async read(taskId, options) {
        if (isAway) throw new Error('The storage is away.');
        return base.read(taskId, options);
      },
    };
    const { task } = startOwnTask({ streamContext, execute: () => 1 });
    await task.consume();
    const response = await follow(streamContext, task.taskId);
    await letGo();
    isAway = true;
    expect(await response.text()).toBe('retry: 1000\n\n');
  });
});

describe('toUIMessageStream', () => {
  it('opens nothing before somebody reads', async () => {
    const { streamContext, opened } = countReaders(createOwnContext());
    const { task } = startOwnTask({ streamContext, execute: () => 1 });
    task.toUIMessageStream();
    await task.consume();
    expect(opened()).toBe(0);
  });

  it('lets its reader go when nobody reads on, and goes on where it was', async () => {
    useFakeTimers();
    const { streamContext, open } = countReaders(createOwnContext());
    const { task, gate } = startHalf(streamContext);
    const reader = task.toUIMessageStream().getReader();
    const types: string[] = [];
    for (let n = 0; n < 4; n++) types.push((await reader.read()).value?.type ?? '');
    expect(open.size).toBe(1);
    await letGo();
    expect(open.size).toBe(0);
    gate.resolve();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value.type !== 'data-task-heartbeat') types.push(value.type);
    }
    const whole = await (await follow(streamContext, task.taskId)).text();
    expect(types).toEqual(storedChunksIn(whole).map(({ type }) => type));
    expect(open.size).toBe(0);
  });
});

describe('memory', () => {
  const chunk = { type: 'data-n', data: 'x'.repeat(60_000) } as const;

  async function heapUsed(): Promise<number> {
    for (let round = 0; round < 3; round++) {
      await turns();
      globalThis.gc?.();
    }
    return process.memoryUsage().heapUsed;
  }

  it.each(['HEAD', 'GET'])(
    'does not grow by %s on 150 tasks whose logs are gone',
    async (method) => {
      const { streamContext, open } = countReaders(createOwnContext({ retentionMs: 300 }));
      const responses: Response[] = [];
      const before = await heapUsed();
      for (let n = 0; n < 150; n++) {
        const { task } = startOwnTask({
          streamContext,
          heartbeatMs: 50,
          execute: ({ writer }) => writer.write({ ...chunk, data: `${n}${chunk.data}` }),
        });
        await task.consume();
        const { taskId } = task;
        const request = new Request('http://localhost', { method });
        const options = { taskId, streamContext, request, heartbeatMs: 50 };
        responses.push(await resumeTask(options).toResponse());
      }
      await until(() => open.size === 0);
      const { task: last } = startOwnTask({ streamContext, execute: () => 1 });
      const { taskId } = await last.consume();
      await until(async () => (await streamContext.inspect(taskId)) === undefined);
      expect((await heapUsed()) - before).toBeLessThan(4 * 1024 * 1024);
      expect(responses).toHaveLength(150);
    },
  );
});
