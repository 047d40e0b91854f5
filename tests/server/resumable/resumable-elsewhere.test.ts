import {
  cancelTask,
  createMemoryStreamContext,
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
} from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { createDeferred, turns, until } from '../../helpers/async';
import { chunksIn } from '../../helpers/sse';
import { createId } from '../../helpers/tasks';
import {
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
