// What a stranger may make a server keep, in number and in bytes.
import { createTaskRoute, defineTask, type TaskStreamContext } from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { describe, expect, it } from 'vitest';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { aborted, turns } from '../../helpers/async';
import { heapUsed } from '../../helpers/heap-used';
import { createMemoryBus } from '../../helpers/memory-bus';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

const mebibyte = 1024 * 1024;

describe('cancels for tasks that never come', () => {
  it.each([
    ['long reasons', 'x'.repeat(14_000), undefined],
    ['long reasons of wide characters', '語'.repeat(1_500), undefined],
    ['long owners', 'Enough.', 'o'.repeat(8_000)],
  ])('take little memory with %s', async (_name, reason, owner) => {
    const streamContext = createOwnContext();
    const route = createTaskRoute(defineTask({ name: 'work', execute: () => {} }), {
      streamContext,
      owner: () => owner && `${owner}${Math.random()}`,
    });
    const address = `http://localhost/task?${new URLSearchParams({ reason })}&taskId=`;
    const cancelMany = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await route.DELETE(new Request(address + createId(), { method: 'DELETE' }));
      }
    };
    // What the first ones take, they take once.
    await cancelMany(50);
    const before = await heapUsed();
    await cancelMany(5_000);
    const grown = (await heapUsed()) - before;
    // Else the context might be gone, too.
    await streamContext.inspect(createId());
    expect(grown).toBeLessThan(8 * mebibyte);
  });
});

const contexts: Record<string, () => TaskStreamContext> = {
  memory: () => createOwnContext(),
  'a context of resumable-stream': () =>
    toTaskStreamContext(
      createResumableStreamContext({ waitUntil: null, ...createMemoryBus().createClients() }),
    ),
};

describe.each(Object.entries(contexts))('cancels for tasks that never come, in %s', (_, create) => {
  it('go, oldest first, when there are too many', async () => {
    const streamContext = create();
    const ids = Array.from({ length: 10_001 }, createId);
    for (const id of ids) await streamContext.cancel(id, { reason: 'early' });
    const isAborted = async (taskId = '') => {
      const log = await streamContext.open(taskId, { leaseMs: 10_000, token: taskId, frames: [] });
      await turns();
      await log?.settle([], 'cancelled');
      return log?.signal.aborted;
    };
    expect(await isAborted(ids[0])).toBe(false);
    expect(await isAborted(ids[1])).toBe(true);
    expect(await isAborted(ids.at(-1))).toBe(true);
  });
});

describe('settled logs', () => {
  it('count with what they take beside their frames', async () => {
    const streamContext = createOwnContext({ maxTotalBytes: 4 * mebibyte });
    const owner = 'o'.repeat(5_000);
    const before = await heapUsed();
    for (let n = 0; n < 3_000; n++) {
      const taskId = createId();
      const options = { owner: `${owner}${n}`, leaseMs: 10_000, token: taskId, frames: ['{}'] };
      const log = await streamContext.open(taskId, options);
      await log?.settle([], 'completed');
    }
    expect((await heapUsed()) - before).toBeLessThan(8 * mebibyte);
    await streamContext.inspect(createId());
  });
});

describe('errors', () => {
  it('of a task are not kept, however many it reports', async () => {
    let count = 0;
    let grown = 0;
    const { task } = startOwnTask({
      onError: () => {
        count += 1;
      },
      execute: async ({ writer }) => {
        const before = await heapUsed();
        for (let n = 0; n < 50_000; n++) {
          writer.onError?.(n % 2 === 0 ? new RangeError(`error ${n}`) : `text ${n}`);
        }
        grown = (await heapUsed()) - before;
      },
    });
    await task.consume();
    expect(count).toBe(50_000);
    expect(grown).toBeLessThan(8 * mebibyte);
  });

  it('are reported once, as objects and as texts', async () => {
    const error = new RangeError('once');
    const { task, reported } = startOwnTask({
      execute: ({ writer }) => {
        for (const each of [error, 'text', 'text', error, Number.NaN, Number.NaN]) {
          writer.onError?.(each);
        }
        throw error;
      },
    });
    await task.consume();
    expect(reported).toEqual([error, 'text', Number.NaN]);
  });
});

it('stops a task for the beginning of a reason that is too long', async () => {
  const streamContext = createOwnContext();
  const { task } = startOwnTask({ streamContext, execute: ({ signal }) => aborted(signal) });
  const text = (await task.toResponse()).text();
  expect(await task.cancel('r'.repeat(200_000))).toBe(true);
  expect(await text).toContain(`{"type":"abort","reason":"${'r'.repeat(1_000)}"}`);
});
