// Turns of a chat on different instances.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { until } from '../helpers/async';
import { setUpSaving } from '../helpers/saving';
import type { Saved, TaskServer } from '../helpers/task-server';
import { createId } from '../helpers/tasks';

const saving = setUpSaving();
const { heartbeatMs, begin, spawnServer } = saving;

/** An answer that does not care when it is told to stop. */
const beginStubborn = (server: TaskServer) => begin(server, { graceMs: 1_500, saving: 'obey' });

const startNext = async (server: TaskServer, chatId: string) => {
  const taskId = createId();
  const started = server.start({ taskId, chatId, heartbeatMs, work: 'obey', saving: 'obey' });
  expect(await started.when('started')).toBe(200);
  return { taskId, started };
};

// R-SAVE-5
it('turns of a chat are saved in their order, though the newer one is done first', async () => {
  const older = await beginStubborn(saving.first);
  const newer = await startNext(saving.second, older.chatId);
  newer.started.tell('finish');
  // Whoever reads it does not wait for that.
  await newer.started.when('ended');
  expect(await older.started.when<Saved>('saving')).toMatchObject({ status: 'cancelled' });
  expect(newer.started.has('saving')).toBe(false);
  await sleep(3 * heartbeatMs);
  expect(newer.started.has('saving')).toBe(false);
  expect(await saving.context.activeTask(older.chatId)).toBe(newer.taskId);
  older.started.tell('saved');
  expect(await newer.started.when<Saved>('saving')).toMatchObject({ status: 'completed' });
  newer.started.tell('saved');
  await newer.started.when('released');
  expect(await saving.context.activeTask(older.chatId)).toBeUndefined();
});

it('turns of a chat wait for one that was superseded twice, though the one between is gone', async () => {
  const doomed = await spawnServer();
  const oldest = await beginStubborn(saving.first);
  const between = await startNext(doomed, oldest.chatId);
  const newest = await startNext(saving.second, oldest.chatId);
  await doomed.kill();
  newest.started.tell('finish');
  await newest.started.when('ended');
  await oldest.started.when('saving');
  await until(async () => (await saving.context.inspect(between.taskId))?.status !== 'running');
  await sleep(1.5 * heartbeatMs);
  expect(newest.started.has('saving')).toBe(false);
  oldest.started.tell('saved');
  await newest.started.when('saving');
  newest.started.tell('saved');
  await newest.started.when('released');
});

it('turns of a chat do not wait for one whose process is gone', async () => {
  const doomed = await spawnServer();
  const older = await beginStubborn(doomed);
  const newer = await startNext(saving.second, older.chatId);
  newer.started.tell('finish');
  await newer.started.when('ended');
  await older.started.when('saving');
  expect(newer.started.has('saving')).toBe(false);
  await doomed.kill();
  await newer.started.when('saving');
  newer.started.tell('saved');
  await newer.started.when('released');
});
