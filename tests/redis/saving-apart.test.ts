// A producer that is cut off from Redis for longer than its lease.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { until } from '../helpers/async';
import { connectAdmin } from '../helpers/redis-admin';
import { startFaultProxy } from '../helpers/redis-proxy';
import { setUpSaving } from '../helpers/saving';
import type { Saved, StartedTask } from '../helpers/task-server';

const saving = setUpSaving();
const { url, keyPrefix, heartbeatMs, begin, spawnServer, isUnsaved, recover } = saving;

/** Cuts it off, lets it finish meanwhile, and gives the event with which it was told so. */
async function finishApart(how: StartedTask['saving'] = 'at-once') {
  const proxy = await startFaultProxy(url);
  const producer = await spawnServer(proxy.url);
  const begun = await begin(producer, { graceMs: 200, saving: how });
  const { taskId, started } = begun;
  await until(
    async () => Number((await saving.context.inspect(taskId))?.cursor.split('-')[1]) >= 3,
  );
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
  const following = saving.first.follow({ taskId, heartbeatMs });
  await following.when('ended');
  expect(await saving.context.inspect(taskId)).toMatchObject({ status: 'failed', isUnsaved: true });
};

// R-SAVE-4
it('a producer that was cut off says that its outcome is its own, and nobody saves less over it when it is back', async () => {
  const { taskId, chatId, proxy, event } = await finishApart();
  expect(event).toMatchObject({ status: 'completed', isStored: false, isRecovered: false });
  await closeAsLost(taskId);
  await proxy.accept();
  await until(async () => !(await isUnsaved(taskId)));
  expect(await recover(taskId)).toEqual([]);
  await until(async () => (await saving.context.activeTask(chatId)) === undefined);
  expect((await saving.context.inspect(taskId))?.status).toBe('failed');
  await proxy.close();
});

// R-SAVE-4
it('a producer that was cut off leaves no mark when its outcome is stored late and the host has had it by then', async () => {
  const { taskId, chatId, proxy, event } = await finishApart();
  expect(event).toMatchObject({ status: 'completed', isStored: false });
  await proxy.accept();
  await until(async () => (await saving.context.inspect(taskId))?.status === 'completed');
  await until(async () => !(await isUnsaved(taskId)));
  expect(await recover(taskId)).toEqual([]);
  await until(async () => (await saving.context.activeTask(chatId)) === undefined);
  await proxy.close();
});

it('a producer that was cut off is told apart by what was recovered before it came back', async () => {
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
it('a producer that was cut off leaves a later task of its id alone', async () => {
  const { taskId, proxy, started } = await finishApart('obey');
  await closeAsLost(taskId);
  // As when it was cut off for longer than logs are kept.
  expect(await recover(taskId)).toHaveLength(1);
  const admin = await connectAdmin(url);
  await admin.send('DEL', ...['m', 'f', 'l'].map((key) => `${keyPrefix}:{${taskId}}:${key}`));
  const again = saving.second.start({ taskId, heartbeatMs, work: 'obey', saving: 'obey' });
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
