import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessage } from 'ai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  resumeTask,
  streamTask,
  type TaskSettleEvent,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { connectAdmin } from '../helpers/redis-admin';
import { startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import {
  type Saved,
  type StartedTask,
  spawnTaskServer,
  type TaskServer,
} from '../helpers/task-server';
import { createId } from '../helpers/tasks';

const url = sharedRedisUrl();
const keyPrefix = `saving-${randomUUID()}`;
const heartbeatMs = 2_500;

let context: TaskStreamContext;
/** Follow tasks, and save what their processes could not. */
let first: TaskServer;
let second: TaskServer;
/** What a test has started beside them. */
let spawned: TaskServer[];

beforeAll(async () => {
  [first, second] = await Promise.all([
    spawnTaskServer({ url, keyPrefix }),
    spawnTaskServer({ url, keyPrefix }),
  ]);
});

afterAll(() => Promise.all([first, second].map((server) => server.kill())));

beforeEach(() => {
  context = createRedisStreamContext({ url, keyPrefix });
  spawned = [];
});

afterEach(async () => {
  await Promise.all([context.close(), ...spawned.map((server) => server.kill())]);
});

async function spawnServer(at = url): Promise<TaskServer> {
  const server = await spawnTaskServer({ url: at, keyPrefix });
  spawned.push(server);
  return server;
}

/** Starts a task of a chat that writes what it is told. */
async function begin(server: TaskServer, options: Partial<StartedTask> = {}) {
  const [taskId, chatId] = [createId(), createId()];
  const started = server.start({ taskId, chatId, heartbeatMs, work: 'obey', ...options });
  expect(await started.when('started')).toBe(200);
  const stored = async () => (await context.inspect(taskId))?.cursor;
  const before = await stored();
  started.tell({ text: 'the answer' });
  await started.when('wrote 1');
  // Redis knows the script of commits by then, which is sent as a whole the first time.
  await until(async () => (await stored()) !== before);
  return { taskId, chatId, started };
}

const isUnsaved = async (taskId: string) => (await context.inspect(taskId))?.isUnsaved === true;

/** What somebody who comes now is told of the task, once there is nothing more to tell. */
async function recover(
  taskId: string,
  onError: (error: unknown) => void = (error) => expect.unreachable(String(error)),
): Promise<TaskSettleEvent<unknown>[]> {
  const told: TaskSettleEvent<unknown>[] = [];
  let delivering: Promise<unknown> | undefined;
  const response = await resumeTask({
    taskId,
    streamContext: context,
    onSettle: (event) => void told.push(event),
    onError,
    waitUntil(promise) {
      delivering = promise;
    },
  }).toResponse();
  await response.body?.cancel();
  await delivering;
  return told;
}

const text = { type: 'text', text: 'the answer', state: 'done' };

/** What is told of a task that completed in a process that is gone. */
function completed(taskId: string, chatId: string) {
  return {
    status: 'completed',
    chatId,
    isStored: true,
    isRecovered: true,
    message: { id: taskId, parts: expect.arrayContaining([expect.objectContaining(text)]) },
  };
}

// R-SAVE-1, R-SAVE-2
it('saves elsewhere what a process had not saved when it was killed within onSettle', async () => {
  const producer = await spawnServer();
  const { taskId, chatId, started } = await begin(producer, { saving: 'obey' });
  const waiting = first.follow({ taskId, heartbeatMs, saving: 'at-once' });
  started.tell('finish');
  expect(await started.when('saving')).toMatchObject({ isStored: true, isRecovered: false });
  expect(await isUnsaved(taskId)).toBe(true);
  // That process lives, so that nobody else saves, however long it takes.
  await sleep(3 * heartbeatMs);
  expect(waiting.has('saving')).toBe(false);
  expect(await context.activeTask(chatId)).toBe(taskId);

  await producer.kill();
  expect(await waiting.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  await waiting.when('delivered');
  expect(await isUnsaved(taskId)).toBe(false);
  expect(await context.activeTask(chatId)).toBeUndefined();
  expect(await recover(taskId)).toEqual([]);
});

// R-SAVE-1
it('saves elsewhere what was stored as settled by a process that was killed before it knew', async () => {
  const proxy = await startFaultProxy(url);
  const producer = await spawnServer(proxy.url);
  const { taskId, chatId, started } = await begin(producer);
  const settling = proxy.hold((command) => command.includes('completed'));
  started.tell('finish');
  await settling.answered;
  await producer.kill();
  expect(started.has('saving')).toBe(false);
  expect(await context.activeTask(chatId)).toBe(taskId);
  const following = second.follow({ chatId, heartbeatMs, saving: 'at-once' });
  expect(await following.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  await following.when('delivered');
  expect(await context.activeTask(chatId)).toBeUndefined();
  await proxy.close();
});

// R-SAVE-3
it('saves once at a time, and again when a process that recovers is killed within onSettle', async () => {
  const [producer, recovering] = await Promise.all([spawnServer(), spawnServer()]);
  const { taskId, chatId, started } = await begin(producer, { saving: 'obey' });
  started.tell('finish');
  await started.when('saving');
  await producer.kill();
  const killed = recovering.follow({ taskId, heartbeatMs, saving: 'obey' });
  expect(await killed.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));

  const others = [first, second].map((server) =>
    server.follow({ taskId, heartbeatMs, saving: 'obey' }),
  );
  await Promise.all(others.map((other) => other.when('ended')));
  await sleep(3 * heartbeatMs);
  expect(others.map((other) => other.has('saving'))).toEqual([false, false]);

  await recovering.kill();
  const saving = await Promise.race(
    others.map(async (other) => {
      expect(await other.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
      return other;
    }),
  );
  await sleep(3 * heartbeatMs);
  expect(others.filter((other) => other.has('saving'))).toEqual([saving]);
  saving.tell('saved');
  await Promise.all(others.map((other) => other.when('delivered')));
  expect(others.filter((other) => other.has('saving'))).toEqual([saving]);
  expect(await isUnsaved(taskId)).toBe(false);
});

// R-SAVE-2
it('gives an outcome to the next who comes for as long as onSettle fails', async () => {
  const { taskId, chatId, started } = await begin(first, { saving: 'obey' });
  started.tell('finish');
  await started.when('saving');
  started.tell('fail');
  expect(await started.when('problem')).toBe('Error: It is not saved.');
  await started.when('released');
  expect(await isUnsaved(taskId)).toBe(true);

  // A page that knows the chat finds what has yet to be saved.
  const failing = second.follow({ chatId, heartbeatMs, saving: 'obey' });
  expect(await failing.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  failing.tell('fail');
  await failing.when('delivered');
  expect(failing.has('problem')).toBe(true);

  expect(await recover(taskId)).toMatchObject([completed(taskId, chatId)]);
  expect(await isUnsaved(taskId)).toBe(false);
  expect(await context.activeTask(chatId)).toBeUndefined();
  expect(await recover(taskId)).toEqual([]);
});

// R-SAVE-2
it('recovers a message that was continued exactly as its process would have saved it', async () => {
  const producer = await spawnServer();
  const continued: UIMessage = {
    id: 'continued',
    role: 'assistant',
    metadata: { model: 'small' },
    parts: [
      { type: 'step-start' },
      { type: 'text', text: 'Before', state: 'done' },
      {
        type: 'file',
        mediaType: 'text/plain',
        filename: 'notes.txt',
        url: 'data:text/plain;base64,SGk=',
      },
      {
        type: 'dynamic-tool',
        toolName: 'delete',
        toolCallId: 'call',
        state: 'approval-responded',
        input: { path: '/tmp/x' },
        approval: { id: 'approval', approved: true, reason: 'Yes.' },
      },
    ],
  };
  const { taskId, started } = await begin(producer, { saving: 'obey', continued });
  started.tell('finish');
  const own = await started.when<Saved>('saving');
  expect(own.message?.parts).toEqual(
    expect.arrayContaining([...continued.parts.slice(0, 3), expect.objectContaining(text)]),
  );
  await producer.kill();
  const [recovered, ...more] = await recover(taskId);
  expect(recovered).toMatchObject({ status: 'completed', isRecovered: true });
  expect(JSON.parse(JSON.stringify(recovered?.message))).toEqual(own.message);
  expect(more).toEqual([]);
});

// R-SAVE-2
it('gives no fragment for a message whose log has a gap, but says so and tells the outcome', async () => {
  const small = createRedisStreamContext({ url, keyPrefix, maxLogBytes: 2_000 });
  const taskId = createId();
  const task = streamTask({
    ...{ taskId, chatId: createId(), streamContext: small, onError: () => {} },
    onSettle: () => Promise.reject(new Error('It is not saved.')),
    execute({ writer }) {
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < 100; n++) {
        writer.write({ type: 'text-delta', id: 't', delta: 'some words of a long answer ' });
      }
    },
  });
  await task.consume();
  await until(() => isUnsaved(taskId));
  const errors: unknown[] = [];
  const [recovered] = await recover(taskId, (error) => errors.push(error));
  expect(recovered).toMatchObject({ status: 'completed', isRecovered: true });
  expect(recovered).not.toHaveProperty('message');
  expect(errors).toMatchObject([{ code: 'message-unavailable' }]);
  expect(await isUnsaved(taskId)).toBe(false);
  await small.close();
});

describe('a producer that is cut off from Redis for longer than its lease', () => {
  /** Cuts it off, lets it finish meanwhile, and gives the event with which it was told so. */
  async function finishApart(saving: StartedTask['saving'] = 'at-once') {
    const proxy = await startFaultProxy(url);
    const producer = await spawnServer(proxy.url);
    const begun = await begin(producer, { graceMs: 200, saving });
    const { taskId, started } = begun;
    await until(async () => Number((await context.inspect(taskId))?.cursor.split('-')[1]) >= 3);
    proxy.refuse();
    proxy.cut();
    started.tell({ text: ' and the rest of it' });
    await started.when('wrote 2');
    started.tell('finish');
    const event = await started.when<Saved>('saving');
    return { ...begun, proxy, event };
  }

  /** Waits until another process has closed its task as lost. */
  const closeAsLost = async (taskId: string) => {
    const following = first.follow({ taskId, heartbeatMs });
    await following.when('ended');
    expect(await context.inspect(taskId)).toMatchObject({ status: 'failed', isUnsaved: true });
  };

  // R-SAVE-4
  it('says that its outcome is its own, and nobody saves less over it when it is back', async () => {
    const { taskId, chatId, proxy, event } = await finishApart();
    expect(event).toMatchObject({ status: 'completed', isStored: false, isRecovered: false });
    await closeAsLost(taskId);
    await proxy.accept();
    await until(async () => !(await isUnsaved(taskId)));
    expect(await recover(taskId)).toEqual([]);
    await until(async () => (await context.activeTask(chatId)) === undefined);
    expect((await context.inspect(taskId))?.status).toBe('failed');
    await proxy.close();
  });

  // R-SAVE-4
  it('leaves no mark when its outcome is stored late and the host has had it by then', async () => {
    const { taskId, chatId, proxy, event } = await finishApart();
    expect(event).toMatchObject({ status: 'completed', isStored: false });
    await proxy.accept();
    await until(async () => (await context.inspect(taskId))?.status === 'completed');
    await until(async () => !(await isUnsaved(taskId)));
    expect(await recover(taskId)).toEqual([]);
    await until(async () => (await context.activeTask(chatId)) === undefined);
    await proxy.close();
  });

  it('is told apart by what was recovered before it came back', async () => {
    const { taskId, proxy } = await finishApart();
    await closeAsLost(taskId);
    expect(await recover(taskId)).toMatchObject([
      { status: 'failed', error: { code: 'lost' }, isStored: true, isRecovered: true },
    ]);
    await proxy.accept();
    expect(await isUnsaved(taskId)).toBe(false);
    expect(await recover(taskId)).toEqual([]);
    await proxy.close();
  });

  // R-SAVE-4
  it('leaves a later task of its id alone', async () => {
    const { taskId, proxy, started } = await finishApart('obey');
    await closeAsLost(taskId);
    // As when it was cut off for longer than logs are kept.
    expect(await recover(taskId)).toHaveLength(1);
    const admin = await connectAdmin(url);
    await admin.send('DEL', ...['m', 'f', 'l'].map((key) => `${keyPrefix}:{${taskId}}:${key}`));
    const again = second.start({ taskId, heartbeatMs, work: 'obey', saving: 'obey' });
    again.tell('finish');
    await again.when('saving');
    await proxy.accept();
    started.tell('saved');
    await started.when('released');
    await sleep(1.5 * heartbeatMs);
    expect(await isUnsaved(taskId)).toBe(true);
    again.tell('saved');
    await again.when('released');
    expect(await isUnsaved(taskId)).toBe(false);
    admin.close();
    await proxy.close();
  });
});

describe('turns of a chat on different instances', () => {
  /** An answer that does not care when it is told to stop. */
  const beginStubborn = (server: TaskServer) => begin(server, { graceMs: 1_500, saving: 'obey' });

  const startNext = async (server: TaskServer, chatId: string) => {
    const taskId = createId();
    const started = server.start({ taskId, chatId, heartbeatMs, work: 'obey', saving: 'obey' });
    expect(await started.when('started')).toBe(200);
    return { taskId, started };
  };

  // R-SAVE-5
  it('are saved in their order, though the newer one is done first', async () => {
    const older = await beginStubborn(first);
    const newer = await startNext(second, older.chatId);
    newer.started.tell('finish');
    // Whoever reads it does not wait for that.
    await newer.started.when('ended');
    expect(await older.started.when<Saved>('saving')).toMatchObject({ status: 'cancelled' });
    expect(newer.started.has('saving')).toBe(false);
    await sleep(3 * heartbeatMs);
    expect(newer.started.has('saving')).toBe(false);
    expect(await context.activeTask(older.chatId)).toBe(newer.taskId);
    older.started.tell('saved');
    expect(await newer.started.when<Saved>('saving')).toMatchObject({ status: 'completed' });
    newer.started.tell('saved');
    await newer.started.when('released');
    expect(await context.activeTask(older.chatId)).toBeUndefined();
  });

  it('wait for one that was superseded twice, though the one between is gone', async () => {
    const doomed = await spawnServer();
    const oldest = await beginStubborn(first);
    const between = await startNext(doomed, oldest.chatId);
    const newest = await startNext(second, oldest.chatId);
    await doomed.kill();
    newest.started.tell('finish');
    await newest.started.when('ended');
    await oldest.started.when('saving');
    await until(async () => (await context.inspect(between.taskId))?.status !== 'running');
    await sleep(1.5 * heartbeatMs);
    expect(newest.started.has('saving')).toBe(false);
    oldest.started.tell('saved');
    await newest.started.when('saving');
    newest.started.tell('saved');
    await newest.started.when('released');
  });

  it('do not wait for one whose process is gone', async () => {
    const doomed = await spawnServer();
    const older = await beginStubborn(doomed);
    const newer = await startNext(second, older.chatId);
    newer.started.tell('finish');
    await newer.started.when('ended');
    await older.started.when('saving');
    expect(newer.started.has('saving')).toBe(false);
    await doomed.kill();
    await newer.started.when('saving');
    newer.started.tell('saved');
    await newer.started.when('released');
  });
});
