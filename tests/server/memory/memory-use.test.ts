import { describe, expect, it } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { relativeEnd } from '../../helpers/cursors';
import { heapUsed } from '../../helpers/heap-used';
import { cursorsIn, readWrites } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

const total = 1_000_000;

const delta = { type: 'text-delta', id: 't', delta: 'word ' } as const;

/** What the bare text of the log takes on this heap, as an array of strings. */
async function bareLogBytes(): Promise<number> {
  const before = await heapUsed();
  const log: string[] = [];
  for (let n = 0; n < total; n++) log.push(JSON.stringify(delta));
  const bytes = (await heapUsed()) - before;
  expect(log).toHaveLength(total);
  return bytes;
}

describe('a task with 1,000,000 chunks', () => {
  it('and no reader keeps no more than its log', async () => {
    const before = await heapUsed();
    const { task, streamContext } = startOwnTask({
      streamContext: createOwnContext({ retentionMs: 60_000 }),
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (let n = 0; n < total; n++) writer.write(delta);
      },
    });
    await task.consume();
    const grown = (await heapUsed()) - before;
    expect(await relativeEnd(streamContext, task.taskId)).toBe(`0-${total + 6}`);
    expect(grown).toBeLessThan(1.3 * (await bareLogBytes()));
  });

  it('and 20 readers that have stopped reading keeps no more than its log', async () => {
    const gate = createDeferred();
    const before = await heapUsed();
    const { task } = startOwnTask({
      heartbeatMs: 600_000,
      streamContext: createOwnContext({ retentionMs: 60_000 }),
      execute: async ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        await gate.promise;
        for (let n = 0; n < total; n++) writer.write(delta);
      },
    });
    const readers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const writes = readWrites(await task.toResponse());
        await writes.until('text-start');
        return writes;
      }),
    );
    gate.resolve();
    await task.consume();
    for (const reader of readers) await reader.next();
    await turns();
    const grown = (await heapUsed()) - before;
    for (const reader of readers) await reader.leave();
    expect(grown).toBeLessThan(1.3 * (await bareLogBytes()));
  });
});

describe('settled logs', () => {
  it('go, oldest first, when they are more than maxTotalBytes together', async () => {
    const streamContext = createOwnContext({ maxTotalBytes: 10 * 1024 * 1024 });
    const before = await heapUsed();
    for (let n = 0; n < 50; n++) {
      const started = startOwnTask({
        streamContext,
        execute: ({ task }) => {
          for (let line = 0; line < 1_000; line++) task.log(`${n} ${line} ${'x'.repeat(1_000)}`);
        },
      });
      await started.task.consume();
    }
    expect((await heapUsed()) - before).toBeLessThan(25 * 1024 * 1024);
  });

  it('of a size beyond maxTotalBytes can still be read until the next one settles', async () => {
    const streamContext = createOwnContext({ maxTotalBytes: 1_000 });
    const big = await runToText({ streamContext, execute: () => 'x'.repeat(10_000) });
    expect(cursorsIn(big.text)).toHaveLength(5);
    expect(await streamContext.inspect(big.task.taskId)).toBeDefined();
    await runToText({ streamContext, execute: () => 1 });
    expect(await streamContext.inspect(big.task.taskId)).toBeUndefined();
  });
});
