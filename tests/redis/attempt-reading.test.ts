// What readers get of a log that several attempts have written, from whichever instance they ask.
import type { FrameRange, TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, expect, it } from 'vitest';
import { type Cursor, formatCursor } from '../../src/protocol/cursor';
import { createRandom } from '../../src/testing/random';
import { until } from '../helpers/async';
import { checkpoint, checkpointFrame, closingOf, openWork, take } from '../helpers/attempted-task';
import { createRedisInstances } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';

const url = sharedRedisUrl();
const instances = createRedisInstances();
const seed = 20_261_126;

let proxy: FaultProxy | undefined;

afterEach(async () => {
  await instances.close();
  await proxy?.close();
  proxy = undefined;
});

/** A frame that was written, and the attempt that made it void, if one did. */
interface Written {
  readonly cursor: Cursor;
  readonly data: string | undefined;
  isVoid: boolean;
}

function shown({ epoch, data, offset, start, end }: FrameRange): [string, string][] {
  const frames: [string, string][] = [];
  for (let n = start; n < end; n++) frames.push([formatCursor(epoch, n), data[n - offset] ?? '']);
  return frames;
}

async function readAll(reader: TaskReader | undefined): Promise<[string, string][]> {
  const frames: [string, string][] = [];
  for await (const range of reader ?? []) frames.push(...shown(range));
  expect([reader?.isEnded, reader?.isCut]).toEqual([true, false]);
  reader?.close();
  return frames;
}

/** Writes a log of several attempts, which instances make in turn, and says what is void of it. */
async function writeAttempts(
  contexts: readonly TaskStreamContext[],
  taskId: string,
  { random, padding }: { random: () => number; padding: number },
): Promise<Written[]> {
  const written: Written[] = [];
  let log = await openWork(contexts[0]!, taskId, { work: { attempts: 100 } });
  let epoch = Number((await contexts[0]!.inspect(taskId))?.cursor.split('-')[0]);
  let n = 0;
  const note = (data: string | undefined) => {
    written.push({ cursor: { epoch, n: n++ }, data, isVoid: false });
  };
  note('{"type":"start"}');
  note(undefined);
  // How many of the frames stay when the next attempt begins.
  let stay = 1;
  for (let attempt = 1; ; attempt++) {
    let index = 0;
    for (let count = Math.floor(random() * 12); count > 0; count--) {
      if (random() < 0.15) {
        const checkpointed = checkpoint(log, taskId, index);
        note(checkpointFrame(taskId, index++));
        stay = written.length;
        if (random() < 0.5) expect(await checkpointed).toBe(true);
      } else {
        const data = `"${attempt}.${count} ${'x'.repeat(Math.floor(random() * padding))}"`;
        log.append(`{"type":"data-n","data":${data}}`);
        note(`{"type":"data-n","data":${data}}`);
      }
      if (random() < 0.3) await log.flushed();
    }
    if (attempt === 6) break;
    expect(await log.handOver?.()).toBe('waiting');
    const taken = await take(contexts[attempt % contexts.length]!, taskId);
    expect(formatCursor(taken.last.epoch, taken.last.n)).toBe(
      formatCursor(written[stay - 1]!.cursor.epoch, written[stay - 1]!.cursor.n),
    );
    for (const frame of written.slice(stay)) frame.isVoid = true;
    log = taken.log;
    epoch++;
    n = 0;
    const before = written.length;
    // The rewind, and the snapshot. They are void in their turn if the attempt stores no checkpoint.
    note(undefined);
    note(undefined);
    // What lies before is void or stays; a later attempt that finds no checkpoint here goes on there.
    stay = Math.min(stay, before);
  }
  const closing = closingOf(taskId);
  expect(await log.settle(closing, 'completed')).toBe(true);
  for (const data of closing) note(data);
  return written;
}

// R-ATTEMPT-3, R-CURSOR-3
it('is what follows their cursor and is not void, whether it is read at once or page by page', async () => {
  for (const [round, padding] of [20, 20, 40_000].entries()) {
    const random = createRandom(seed + round);
    const first = instances.open({ url });
    const others = [1, 2].map(() => instances.open({ url, keyPrefix: first.keyPrefix }));
    const contexts = [first, ...others].map(({ context }) => context);
    const taskId = createId();
    const written = await writeAttempts(contexts, taskId, { random, padding });
    const valid = written.filter(({ isVoid }) => !isVoid);
    for (const context of contexts) {
      for (const cursor of [undefined, ...written.map((frame) => frame.cursor)]) {
        const at = cursor && written.findIndex((frame) => frame.cursor === cursor);
        const wanted = written.slice((at ?? -1) + 1).filter(({ isVoid }) => !isVoid);
        const frames = await readAll(await context.read(taskId, { cursor }));
        expect([cursor, frames.map(([place]) => place)]).toEqual([
          cursor,
          wanted.map((frame) => formatCursor(frame.cursor.epoch, frame.cursor.n)),
        ]);
        for (const [index, [, data]] of frames.entries()) {
          expect(data).toBe(wanted[index]?.data ?? data);
        }
      }
    }
    expect(valid.length).toBeLessThan(written.length);
  }
});

// R-ATTEMPT-4, R-ATTEMPT-11
it('comes to readers whose process hears nothing of hand-overs and takes, too', async () => {
  proxy = await startFaultProxy(url);
  proxy.treatMessages('drop');
  const here = instances.open({ url });
  const deaf = instances.open({ url: proxy.url, keyPrefix: here.keyPrefix });
  const taskId = createId();
  const log = await openWork(here.context, taskId, { leaseMs: 300 });
  const reader = await deaf.context.read(taskId);
  const follower = await deaf.context.read(taskId);
  expect((await reader?.next())?.value?.end).toBe(2);
  await log.handOver?.();
  await until(() => reader?.isWaiting === true);
  expect(reader?.isAlive).toBe(true);
  const { log: second } = await take(here.context, taskId, { leaseMs: 300 });
  // It has taken the first snapshot, which is void now.
  expect((await reader?.next())?.done).toBe(true);
  expect(reader?.isCut).toBe(true);
  await until(() => follower?.isWaiting === false);
  await second.settle(closingOf(taskId), 'completed');
  const types = (await readAll(follower)).map(([, data]) => JSON.parse(data).type);
  expect(types).toEqual([
    ...['start', 'data-task-rewind', 'data-task', 'data-task-settle', 'finish'],
  ]);
});
