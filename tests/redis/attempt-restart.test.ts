// Redis is killed and comes back, with its data or without, while a second attempt runs or a task waits.
import { expect, it } from 'vitest';
import { until } from '../helpers/async';
import { checkpoint, closingOf, openWork, startAt, take, tryTake } from '../helpers/attempted-task';
import { setUpOwnServers } from '../helpers/own-redis';
import { createId, readLog } from '../helpers/tasks';

const { instances, startServer } = setUpOwnServers();

async function start(persistent: boolean) {
  const server = await startServer({ persistent });
  const home = instances.open({ url: server.url });
  const elsewhere = instances.open({ url: server.url, keyPrefix: home.keyPrefix });
  return { server, home: home.context, elsewhere: elsewhere.context, taskId: createId() };
}

const number = (n: number) => `{"type":"data-n","data":${n}}`;
const typesOf = (frames: readonly string[]) => frames.map((json) => JSON.parse(json).type);

// R-STORE-1, R-ATTEMPT-5
it.each([true, false])(
  'goes on in its second attempt, and in a third one at its checkpoint (with its data: %s)',
  async (persistent) => {
    const { server, home, elsewhere, taskId } = await start(persistent);
    const given = { input: '[1]', context: '{"a":1}', deadlineMs: 600_000, maxTotal: 3 };
    const first = await openWork(home, taskId, { work: given, savesOutcome: true });
    first.append(number(1));
    await first.handOver?.();
    const { log } = await take(elsewhere, taskId, { graceMs: 60_000 });
    log.append(number(2));
    expect(await checkpoint(log, taskId, 7)).toBe(true);
    await server.kill();
    log.append(number(3));
    await server.restart();
    await until(async () => {
      const record = await home.inspect(taskId).catch(() => undefined);
      return record?.attempt === 2 && record.status === 'running';
    });
    // Another one, in a log that has been begun anew: which is stored there.
    let index = 7;
    await until(() => checkpoint(log, taskId, ++index));
    log.append(number(4));
    expect(await log.handOver?.()).toBe('waiting');
    const taken = await take(home, taskId);
    expect(taken).toMatchObject({
      ...{ start: startAt(taskId, index), work: { ...given, attempts: 3 }, savesOutcome: true },
      deadlineLeftMs: expect.any(Number),
    });
    expect(await taken.log.handOver?.()).toBe('refused');
    expect(await taken.log.settle(closingOf(taskId), 'completed')).toBe(true);
    expect(await elsewhere.inspect(taskId)).toMatchObject({ isUnsaved: true, attempt: 3 });
    await taken.log.release({ isSaved: true });
    expect((await elsewhere.inspect(taskId))?.isUnsaved).toBeUndefined();

    const frames = await readLog(elsewhere, taskId);
    expect(frames).not.toContain(number(4));
    const isCheckpoint = (type: string) => type === 'data-task-checkpoint';
    expect(typesOf(frames).filter((type) => !isCheckpoint(type))).toEqual([
      ...['start', 'data-task-rewind', 'data-task', persistent ? 'data-n' : 'data-task-error'],
      ...['data-n', 'data-task-rewind', 'data-task', 'data-task-settle', 'finish'],
    ]);
  },
);

// R-ATTEMPT-5
it('goes on in a third attempt at the checkpoint that the storage has lost and got back', async () => {
  const { server, home, elsewhere, taskId } = await start(false);
  const first = await openWork(home, taskId);
  await first.handOver?.();
  const { log } = await take(elsewhere, taskId, { graceMs: 60_000 });
  expect(await checkpoint(log, taskId, 7)).toBe(true);
  await server.restart();
  log.append(number(3));
  await until(async () => (await home.inspect(taskId).catch(() => undefined))?.attempt === 2);
  expect(await log.handOver?.()).toBe('waiting');
  const taken = await take(home, taskId);
  expect(taken.start).toEqual(startAt(taskId, 7));
  await taken.log.settle(closingOf(taskId), 'completed');
  expect(typesOf(await readLog(elsewhere, taskId))).toEqual([
    ...['start', 'data-task-rewind', 'data-task', 'data-task-error'],
    ...['data-task-rewind', 'data-task', 'data-task-settle', 'finish'],
  ]);
});

it('waits on in a Redis that comes back with its data, and is unknown in one without', async () => {
  for (const persistent of [true, false]) {
    const { server, home, elsewhere, taskId } = await start(persistent);
    const log = await openWork(home, taskId, { leaseMs: 300 });
    const reader = await elsewhere.read(taskId);
    await log.handOver?.();
    await until(() => reader?.isWaiting === true);
    await server.restart();
    if (persistent) {
      await until(async () => (await tryTake(home, taskId).catch(() => undefined)) !== undefined);
      await until(() => reader?.isWaiting === false);
    } else {
      // Nobody would begin its log anew.
      for await (const _ of reader ?? []) void _;
      expect([reader?.isEnded, reader?.isCut]).toEqual([true, true]);
      expect(await home.inspect(taskId)).toBeUndefined();
      expect(await tryTake(home, taskId)).toBeUndefined();
    }
    reader?.close();
  }
});
