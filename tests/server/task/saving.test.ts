import {
  resumeTask,
  type StreamTaskOptions,
  streamTask,
  type TaskSettleEvent,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, type Deferred, turns, until } from '../../helpers/async';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

type Event = TaskSettleEvent<unknown>;

afterEach(() => {
  vi.useRealTimers();
});

/** Resumes a task with an `onSettle`; gives what that and `onError` got, once nothing is to save. */
function startRecovering(
  streamContext: TaskStreamContext,
  taskId: string,
  onSettle: (event: Event) => Promise<void> | void = () => {},
) {
  const told: Event[] = [];
  const errors: unknown[] = [];
  const delivered = createDeferred();
  const resume = async () => {
    const response = await resumeTask({
      ...{ taskId, streamContext },
      onSettle(event) {
        told.push(event);
        return onSettle(event);
      },
      onError: (error) => errors.push(error),
      waitUntil: (delivering) => void delivering.then(() => delivered.resolve()),
    }).toResponse();
    await response.text();
  };
  void resume();
  return { told, errors, delivered: delivered.promise };
}

async function recover(...parameters: Parameters<typeof startRecovering>) {
  const recovering = startRecovering(...parameters);
  await recovering.delivered;
  return recovering;
}

function startTask(onSettle: StreamTaskOptions<undefined, unknown, never, unknown>['onSettle']) {
  return startOwnTask({
    ...{ chatId: 'chat', name: 'Answer', onSettle },
    execute({ writer }) {
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'the answer' });
      return 'result';
    },
  });
}

// R-SAVE-2
it('gives an outcome that onSettle failed to save to one who comes later', async () => {
  const { task, streamContext, reported } = startTask(() => {
    throw new Error('The database is away.');
  });
  await task.result;
  await until(() => reported.length === 1);
  const failing = await recover(streamContext, task.taskId, () => {
    throw new Error('It still is.');
  });
  expect(failing.told).toHaveLength(1);
  expect(failing.errors).toEqual([new Error('It still is.')]);
  const { told, errors } = await recover(streamContext, task.taskId);
  expect(told).toEqual([
    {
      taskId: task.taskId,
      name: 'Answer',
      chatId: 'chat',
      owner: undefined,
      status: 'completed',
      durationMs: expect.any(Number),
      settledAt: expect.any(Number),
      isStored: true,
      isRecovered: true,
      message: expect.objectContaining({
        id: task.taskId,
        parts: expect.arrayContaining([expect.objectContaining({ text: 'the answer' })]),
      }),
    },
  ]);
  expect(errors).toEqual([]);
  expect((await recover(streamContext, task.taskId)).told).toEqual([]);
});

// R-SAVE-3
it('gives nobody else an outcome that onSettle is saving', async () => {
  const gate = createDeferred();
  const onSettle = vi.fn(() => gate.promise);
  const { task, streamContext } = startTask(onSettle);
  await until(async () => (await streamContext.inspect(task.taskId)) !== undefined);
  const early = startRecovering(streamContext, task.taskId);
  await until(() => onSettle.mock.calls.length === 1);
  const late = startRecovering(streamContext, task.taskId);
  await turns();
  gate.resolve();
  await Promise.all([early.delivered, late.delivered]);
  expect([...early.told, ...late.told]).toEqual([]);
  expect(onSettle).toHaveBeenCalledOnce();
});

it('counts what onSettle has saved after its time as saved, and not before', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const gate = createDeferred();
  const onSettle = vi.fn(() => gate.promise);
  const { task, streamContext } = startTask(onSettle);
  await task.result;
  const isUnsaved = async () => (await streamContext.inspect(task.taskId))?.isUnsaved === true;
  const claim = () => streamContext.claimOutcome?.(task.taskId);
  await until(() => onSettle.mock.calls.length === 1);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(await claim()).toMatchObject({ kind: 'held' });
  await vi.advanceTimersByTimeAsync(1);
  await until(async () => (await claim())?.kind === 'claimed');
  expect(await isUnsaved()).toBe(true);
  gate.resolve();
  await until(async () => !(await isUnsaved()));
  expect(await streamContext.claimOutcome?.(task.taskId)).toBeUndefined();
});

it('tells onSettle that an outcome is not stored where the storage was away from the start', async () => {
  const broken = createOwnContext();
  const events: Event[] = [];
  const task = streamTask({
    taskId: createId(),
    streamContext: { ...broken, open: () => Promise.reject(new Error('ECONNREFUSED')) },
    whenUnavailable: 'run',
    onError: () => {},
    onSettle: (event) => void events.push(event),
    execute: () => 1,
  });
  expect(await task.result).toBe(1);
  await until(() => events.length === 1);
  expect(events[0]).toMatchObject({ isStored: false, isRecovered: false });
});

it('tells onSettle that an outcome is not stored where settling failed', async () => {
  const context = createOwnContext();
  const events: Event[] = [];
  const { task } = startOwnTask({
    streamContext: {
      ...context,
      async open(taskId, options) {
        const log = await context.open(taskId, options);
        return log && { ...log, settle: () => Promise.reject(new Error('ECONNRESET')) };
      },
    },
    onSettle: (event) => void events.push(event),
    execute: () => 1,
  });
  expect(await task.result).toBe(1);
  await until(() => events.length === 1);
  expect(events[0]).toMatchObject({ status: 'completed', isStored: false, isRecovered: false });
});

describe.each([
  ['memory', createOwnContext],
  [
    'a context of `resumable-stream`',
    () =>
      createResumableStreamContext({ waitUntil: () => {}, ...createMemoryBus().createClients() }),
  ],
] as const)('turns of a chat in %s', (_name, createContext) => {
  const chatId = 'chat';

  /** What the host was told, and how it goes on with that. */
  function createHost() {
    const saved: string[] = [];
    const gates = new Map<string, Deferred>();
    const save = (name: string) => async () => {
      saved.push(name);
      await gates.get(name)?.promise;
    };
    return { saved, gates, save };
  }

  // R-SAVE-5
  it('are saved in their order, though the older one ignores that it shall stop', async () => {
    const { saved, gates, save } = createHost();
    const streamContext = createContext();
    const saving = createDeferred();
    gates.set('older', saving);
    const common = { chatId, streamContext, graceMs: 50, onError: () => {} };
    const older = streamTask({
      ...common,
      onSettle: save('older'),
      execute: () => new Promise(() => {}),
    });
    await (await older.toResponse()).body?.cancel();
    const newer = streamTask({ ...common, onSettle: save('newer'), execute: () => 'done' });
    expect(await newer.result).toBe('done');
    await until(() => saved.length > 0);
    await turns();
    expect(saved).toEqual(['older']);
    saving.resolve();
    await until(() => saved.length === 2);
    expect(saved).toEqual(['older', 'newer']);
  });

  it('go on when the older one fails to be saved', async () => {
    const { saved, gates, save } = createHost();
    const streamContext = createContext();
    const saving = createDeferred();
    gates.set('older', saving);
    const common = { chatId, streamContext, graceMs: 50, onError: () => {} };
    const older = streamTask({ ...common, onSettle: save('older'), execute: () => 1 });
    await older.result;
    await until(() => saved.length === 1);
    const newer = streamTask({ ...common, onSettle: save('newer'), execute: () => 2 });
    await newer.result;
    await turns();
    expect(saved).toEqual(['older']);
    saving.reject(new Error('The database is away.'));
    await until(() => saved.length === 2);
  });

  it('are not held up for ever by one whose onSettle never ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { saved, gates, save } = createHost();
    const streamContext = createContext();
    gates.set('older', createDeferred());
    const common = { chatId, streamContext, graceMs: 1_000, onError: () => {} };
    const older = streamTask({ ...common, onSettle: save('older'), execute: () => 1 });
    const running = older.result;
    await vi.advanceTimersByTimeAsync(5_000);
    await running;
    await until(() => saved.length === 1);
    const newer = streamTask({ ...common, onSettle: save('newer'), execute: () => 2 });
    const result = newer.result;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await result).toBe(2);
    await turns();
    expect(saved).toEqual(['older']);
    await vi.advanceTimersByTimeAsync(31_000);
    await until(() => saved.length === 2);
    expect(saved).toEqual(['older', 'newer']);
  });

  it('that are concurrent do not wait for each other', async () => {
    const { saved, gates, save } = createHost();
    const streamContext = createContext();
    gates.set('older', createDeferred());
    const common = { chatId, streamContext, concurrent: true, onError: () => {} };
    const older = streamTask({ ...common, onSettle: save('older'), execute: () => 1 });
    await older.result;
    const newer = streamTask({ ...common, onSettle: save('newer'), execute: () => 2 });
    await newer.result;
    await until(() => saved.length === 2);
    gates.get('older')?.resolve();
  });
});
