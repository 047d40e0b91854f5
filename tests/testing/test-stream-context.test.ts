import type { FrameRange } from 'ai-task-stream/server';
import { testStreamContext } from 'ai-task-stream/testing';
import { describe, expect, it, vi } from 'vitest';
import {
  type Break,
  collect,
  expectNoticed,
  passes,
  withLogs,
  withReaders,
} from '../helpers/contract-tests';
import { createOwnContext } from '../helpers/tasks';

/** Ways to break a promise, and the test that has to notice. */
const broken: [promise: string, breakIt: Break, test: string][] = [
  [
    'to open a task once',
    (context) => ({
      open: async (taskId, options) =>
        (await context.open(taskId, options)) ?? context.open(`${taskId}-more`, options),
    }),
    'one producer opens a task once',
  ],
  [
    'to store the first frames with the claim',
    (context) => ({
      open: (taskId, options) =>
        context.open(taskId, { ...options, frames: options.frames.slice(1) }),
    }),
    'readers see the first frames as soon as the task is open',
  ],
  [
    'to read from a cursor on',
    (context) => ({
      read: (taskId, { cursor, ...options } = {}) =>
        context.read(taskId, {
          ...options,
          ...(cursor && { cursor: { ...cursor, n: cursor.n + 1 } }),
        }),
    }),
    'readers get exactly what follows their cursor',
  ],
  [
    'to leave out what a reader skips',
    (context) => ({ read: (taskId, options) => context.read(taskId, { ...options, skip: 0 }) }),
    'readers without a cursor leave out',
  ],
  [
    'to tell a replay from what is new',
    withReaders((reader) => {
      const { next } = reader;
      reader.next = async () => {
        const { value } = await next.call(reader);
        return value
          ? { value: { ...value, isReplay: true }, done: false }
          : { value: undefined, done: true };
      };
    }),
    'readers mark as replay what was there',
  ],
  [
    'to give a task to its owner only',
    (context) => ({
      async read(taskId, options) {
        const record = await context.inspect(taskId);
        return context.read(taskId, { ...options, owner: record?.owner });
      },
    }),
    'readers of a task that is unknown or somebody else’s get nothing',
  ],
  [
    'to tell who comes from another log',
    (context) => ({ read: (taskId, { cursor, ...options } = {}) => context.read(taskId, options) }),
    'of a running task is answered with a gap',
  ],
  [
    'to have one outcome',
    withLogs((log) => ({
      async settle(frames, status) {
        await log.settle(frames, status);
        return true;
      },
    })),
    'the outcome is told once',
  ],
  [
    'to keep what was appended before the end',
    withLogs(() => ({ append() {} })),
    'comes after everything that was appended before',
  ],
  [
    'to keep an outcome unsaved',
    (context) => ({
      open: (taskId, options) => context.open(taskId, { ...options, savesOutcome: false }),
    }),
    'is unsaved from its settling until the host has it',
  ],
  [
    'to keep a cancel for a task that is to come',
    (context) => ({
      cancel: async (taskId, options) =>
        (await context.inspect(taskId)) ? context.cancel(taskId, options) : true,
    }),
    'a cancel that comes before the task is kept for it',
  ],
  [
    'to stop the tasks that a turn supersedes',
    (context) => ({
      open: (taskId, options) => context.open(taskId, { ...options, concurrent: true }),
    }),
    'cancels its running task as superseded',
  ],
  [
    'to keep a chat’s task active while it is saved',
    withLogs((log) => ({
      async settle(frames, status) {
        const isOurs = await log.settle(frames, status);
        await log.release();
        return isOurs;
      },
    })),
    'has the running task for its active one, until that is released',
  ],
  [
    'to save turns in their order',
    withLogs(() => ({ predecessorsSaved: async () => {} })),
    'are saved in their order, or given up',
  ],
  [
    'to forget a log after the retention',
    () => createOwnContext({ retentionMs: 10_000_000 }),
    'does not touch a log before the retention is over',
  ],
];

describe('testStreamContext', () => {
  it.each(broken)('notices a context that breaks its promise %s', async (_, breakIt, test) => {
    await expectNoticed(breakIt, test);
  });

  it('notices a context that needs each notification (R-WAKE-1)', async () => {
    const sound = createOwnContext();
    let isDeaf = false;
    const broken = {
      ...sound,
      ...withReaders((reader) => {
        const { next } = reader;
        reader.next = () => (isDeaf ? new Promise(() => {}) : next.call(reader));
      })(sound),
    };
    const deafen = () => {
      isDeaf = true;
      return () => {
        isDeaf = false;
      };
    };
    const test = 'lost cost readers nothing who come then';
    const found = collect(() => sound, { deafen });
    expect(await passes(found, test)).toBe(true);
    expect(await passes(found, 'keep no cancel from its task')).toBe(true);
    const others = collect(() => broken, { deafen, timeoutMs: 500 });
    expect(await passes(others, test)).toBe(false);
  });

  it('notices a context that hides what it has lost (R-STORE-2)', async () => {
    const sound = createOwnContext();
    let isLost = false;
    /** Readers without frames 3 to 5, in place of which comes what is given. */
    const without = (frames: (range: FrameRange) => string[]) => ({
      ...sound,
      ...withReaders((reader) => {
        const { next } = reader;
        let ranges: FrameRange[] = [];
        reader.next = async () => {
          const { value } = ranges.length > 0 ? { value: ranges.shift() } : await next.call(reader);
          if (!value) return { value: undefined, done: true };
          if (!isLost || value.start > 0) return { value, done: false };
          const rest = { ...value, start: 6 };
          const data = frames(value);
          const gap = { ...value, data, offset: 6 - data.length, start: 6 - data.length, end: 6 };
          ranges = data.length > 0 ? [gap, rest] : [rest];
          return { value: { ...value, end: 3 }, done: false };
        };
      })(sound),
    });
    const run = (frames: (range: FrameRange) => string[]) => {
      isLost = false;
      const lose = async () => {
        isLost = true;
      };
      return passes(
        collect(() => without(frames), { lose }),
        'are told of as a gap',
      );
    };
    const gap = JSON.stringify({ type: 'data-task-error', data: { code: 'gap' } });
    expect(await run(() => [gap])).toBe(true);
    expect(await run(() => [])).toBe(false);
    expect(await run(({ data }) => data.slice(3, 6))).toBe(false);
  });

  it('leaves out the tests of what a context does not promise', () => {
    const names = (...without: Parameters<typeof collect>[1][]) =>
      collect(createOwnContext, ...without).map(({ name }) => name);
    const all = names();
    const less = names({ without: ['unsaved outcomes', 'checks of its own'] });
    expect(all.length - less.length).toBe(14);
    expect(less.join()).not.toContain('an outcome of which the host has to be told');
    const more = names({ cut: async () => () => {}, empty: async () => {} });
    expect(more.filter((name) => !all.includes(name)).join()).toContain('(R-FENCE-1)');
  });

  it('takes the functions of a runner that are global, or says that it needs some', () => {
    expect(() => testStreamContext(createOwnContext)).toThrow('Pass those of your test runner');
    const [describe, it] = [vi.fn((_, define) => define()), vi.fn()];
    vi.stubGlobal('describe', describe);
    vi.stubGlobal('it', it);
    testStreamContext(createOwnContext);
    vi.unstubAllGlobals();
    expect(describe).toHaveBeenCalled();
    expect(it).toHaveBeenCalled();
  });
});
