import {
  initialTaskState,
  isTaskPart,
  reduceTaskChunk,
  type TaskChunk,
  type TaskData,
  type TaskState,
} from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { fc } from '../helpers/fast-check';

const taskId = 'root-0123456789abcdef';

function snapshot(data: Partial<TaskData> = {}): TaskChunk {
  return {
    type: 'data-task',
    id: taskId,
    data: { taskId, status: 'running', createdAt: 1, updatedAt: 2, ...data },
  };
}

function log(index: number, message = `line ${index}`, id = taskId): TaskChunk {
  return {
    type: 'data-task-log',
    id: `${id}:${index}`,
    data: { taskId: id, index, level: 'info', message, at: 3 },
    transient: true,
  };
}

function partial(index: number, value: unknown): TaskChunk {
  return {
    type: 'data-task-partial',
    id: `${taskId}:${index}`,
    data: { taskId, index, value },
    transient: true,
  };
}

function settle(id = taskId): TaskChunk {
  return {
    type: 'data-task-settle',
    id,
    data: { taskId: id, status: 'completed', result: 42, durationMs: 5, settledAt: 6 },
  };
}

function reduceAll(chunks: readonly { type: string }[], state: TaskState = initialTaskState) {
  return chunks.reduce((current, chunk) => reduceTaskChunk(current, chunk), state);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

describe('reduceTaskChunk', () => {
  it('follows a task from the first snapshot to its settlement', () => {
    const error = { taskId, code: 'mine', message: 'No.', retryable: false };
    const state = reduceAll([
      snapshot({ name: 'Report' }),
      log(0),
      partial(0, { page: 1 }),
      snapshot({
        progress: { value: 1, total: 2 },
        steps: [{ name: 'a', weight: 1, status: 'running' }],
        attempt: 2,
        updatedAt: 4,
      }),
      { type: 'data-task-heartbeat', data: { taskId, at: 9, intervalMs: 5 }, transient: true },
      log(1),
      { type: 'data-task-error', id: taskId, data: error },
      settle(),
    ] as TaskChunk[]);
    expect(state).toEqual({
      taskId,
      name: undefined,
      status: 'completed',
      attempt: 2,
      progress: { value: 1, total: 2 },
      steps: [{ name: 'a', weight: 1, status: 'running' }],
      logs: [
        { taskId, index: 0, level: 'info', message: 'line 0', at: 3 },
        { taskId, index: 1, level: 'info', message: 'line 1', at: 3 },
      ],
      partials: [{ page: 1 }],
      heartbeat: { taskId, at: 9, intervalMs: 5 },
      error: undefined,
      settlement: { taskId, status: 'completed', result: 42, durationMs: 5, settledAt: 6 },
      createdAt: 1,
      updatedAt: 4,
      children: {},
    });
  });

  it('never changes the state that it was given', () => {
    const chunks = [snapshot(), log(0), partial(0, 1), log(0, 'x', 'other'), settle()];
    let state: TaskState = deepFreeze(structuredClone(initialTaskState));
    for (const chunk of chunks) {
      const before = structuredClone(state);
      const next = reduceTaskChunk(state, deepFreeze(chunk));
      expect(state).toEqual(before);
      state = deepFreeze(next);
    }
  });

  it.each([
    { type: 'text-delta', id: '1', delta: 'x' },
    { type: 'data-weather', data: { taskId } },
    { type: 'data-task' },
    { type: 'data-task', data: null },
    { type: 'data-task', data: { taskId: 7 } },
    { type: 'data-task-unknown', data: { taskId } },
    { type: 'data-taskx', data: { taskId } },
  ])('returns the same object for a chunk that is none of ours: %j', (chunk) => {
    const state = reduceAll([snapshot()]);
    expect(reduceTaskChunk(state, chunk)).toBe(state);
    expect(isTaskPart(chunk)).toBe(false);
  });

  it('skips log lines and partial results that it has seen', () => {
    const state = reduceAll([snapshot(), log(0), log(1), partial(0, 'a'), partial(1, 'b')]);
    for (const seen of [log(0), log(1), partial(0, 'a'), partial(1, 'b')]) {
      expect(reduceTaskChunk(state, seen)).toBe(state);
    }
    expect(reduceAll([log(2), partial(2, 'c')], state)).toMatchObject({
      logs: [{ index: 0 }, { index: 1 }, { index: 2 }],
      partials: ['a', 'b', 'c'],
    });
  });

  it('comes to the same state when any stretch of the log is replayed', () => {
    const chunks = [
      snapshot(),
      log(0),
      partial(0, 'a'),
      log(1),
      snapshot({ progress: { value: 1 } }),
      log(0, 'line 0', 'child'),
      partial(1, 'b'),
      settle('child'),
      settle(),
    ];
    const whole = reduceAll(chunks);
    fc.assert(
      fc.property(fc.nat(chunks.length), fc.nat(chunks.length), (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const replayed = [...chunks.slice(0, to), ...chunks.slice(from)];
        expect(reduceAll(replayed)).toEqual(whole);
      }),
    );
  });

  it('changes nothing more after settling, but for tasks within', () => {
    const settled = reduceAll([snapshot(), settle()]);
    const late = [
      snapshot({ status: 'running' }),
      log(0),
      partial(0, 'x'),
      { type: 'data-task-heartbeat', data: { taskId, at: 9, intervalMs: 5 } },
      {
        type: 'data-task-settle',
        data: { taskId, status: 'failed', durationMs: 1, settledAt: 1 },
      },
    ];
    for (const chunk of late) expect(reduceTaskChunk(settled, chunk)).toBe(settled);
    const next = reduceTaskChunk(settled, log(0, 'inner', 'child'));
    expect(next).toEqual({
      ...settled,
      children: {
        child: { ...initialTaskState, taskId: 'child', logs: [log(0, 'inner', 'child').data] },
      },
    });
  });

  it('puts the tasks within a task into children, each with a state of its own', () => {
    const state = reduceAll([
      snapshot(),
      {
        type: 'data-task',
        data: {
          taskId: 'one',
          parentTaskId: taskId,
          status: 'running',
          createdAt: 1,
          updatedAt: 1,
        },
      },
      {
        type: 'data-task',
        data: { taskId: 'two', parentTaskId: 'one', status: 'running', createdAt: 1, updatedAt: 1 },
      },
      log(0, 'of one', 'one'),
      settle('two'),
    ] as TaskChunk[]);
    expect(Object.keys(state.children)).toEqual(['one', 'two']);
    expect(state.logs).toEqual([]);
    expect(state.children.one).toMatchObject({ status: 'running', logs: [{ message: 'of one' }] });
    expect(state.children.two).toMatchObject({ status: 'completed', settlement: { result: 42 } });
    expect(state.settlement).toBeUndefined();
    expect(reduceTaskChunk(state, log(0, 'of one', 'one'))).toBe(state);
  });

  it('begins a task within anew that runs again after it has settled (R-NEST-3)', () => {
    const inner = (data: object) =>
      ({
        type: 'data-task',
        data: { taskId: 'one', createdAt: 1, updatedAt: 1, ...data },
      }) as const;
    const before = [
      snapshot(),
      inner({ status: 'running', progress: { value: 1 } }),
      log(0, 'lost', 'one'),
      settle('one'),
    ] as TaskChunk[];
    const state = reduceAll([...before, inner({ status: 'running' })]);
    expect(state.children.one).toMatchObject({ status: 'running', logs: [] });
    expect(state.children.one).not.toHaveProperty('settlement');
    expect(reduceTaskChunk(state, log(0, 'again', 'one')).children.one).toMatchObject({
      logs: [{ index: 0, message: 'again' }],
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'takes %s for a taskId like any other',
    (id) => {
      const state = reduceAll([snapshot(), log(0, 'inner', id), log(1, 'inner', id), settle(id)]);
      expect(Object.hasOwn(state.children, id)).toBe(true);
      expect(Object.getPrototypeOf(state.children)).toBe(Object.prototype);
      expect(state.children[id]).toMatchObject({ taskId: id, status: 'completed' });
      expect(state.children[id]?.logs).toHaveLength(2);
      expect(({} as { logs?: unknown }).logs).toBeUndefined();
      const asRoot = reduceAll([log(0, 'x', id)]);
      expect(asRoot).toMatchObject({ taskId: id, logs: [{ message: 'x' }] });
    },
  );

  it('shows the error of the settlement after a failure', () => {
    const error = { code: 'mine', message: 'No.', retryable: false };
    const state = reduceAll([
      snapshot(),
      { type: 'data-task-error', id: taskId, data: { taskId, ...error } },
      {
        type: 'data-task-settle',
        id: taskId,
        data: { taskId, status: 'failed', error, durationMs: 1, settledAt: 1 },
      },
    ] as TaskChunk[]);
    expect(state).toMatchObject({ status: 'failed', error, settlement: { status: 'failed' } });
  });
});

describe('isTaskPart', () => {
  it('knows the six parts of ours by type and taskId', () => {
    for (const name of ['', '-log', '-partial', '-heartbeat', '-error', '-settle']) {
      expect(isTaskPart({ type: `data-task${name}`, data: { taskId } } as never)).toBe(true);
    }
  });
});
