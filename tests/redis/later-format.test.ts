// Another release shares the Redis, and stores tasks in a format that this one does not know.
import { createTaskRoute, defineTask, resumeTask } from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { turns } from '../helpers/async';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createRedisInstances, type RedisInstance } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';

const instances = createRedisInstances();
const chatId = 'chat';
let admin: RedisAdmin;
let later: RedisInstance;
let earlier: RedisInstance;
let taskId: string;

beforeAll(async () => {
  admin = await connectAdmin(sharedRedisUrl());
});

beforeEach(async () => {
  const url = sharedRedisUrl();
  later = await instances.openListening({ url });
  earlier = await instances.openListening({ url, keyPrefix: later.keyPrefix });
  taskId = createId();
});

afterEach(() => instances.close());

afterAll(() => admin.close());

function key(kind: string): string {
  return `${later.keyPrefix}:{${taskId}}:${kind}`;
}

/** A task of the later release, whose process has nothing to do with it for a while. */
async function openLater(): Promise<void> {
  const frames = ['{"type":"start"}', '{"type":"data-task"}'];
  const options = { leaseMs: 600_000, token: createId(), frames, chatId, savesOutcome: true };
  expect(await later.context.open(taskId, options)).toBeDefined();
  await admin.send('HSET', key('m'), 'format', '3');
}

/** All that Redis has of the task. */
async function stored() {
  const fieldsOf = async (kind: string) => {
    const flat = (await admin.send('HGETALL', key(kind))) as string[];
    return Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1]]])));
  };
  return {
    record: await fieldsOf('m'),
    frames: await admin.entries(key('f')),
    lease: await admin.send('GET', key('l')),
    earlyCancels: await fieldsOf('c'),
  };
}

/** Asks for the task in each way, and gives the answers. */
async function askInEachWay(): Promise<Response[]> {
  const { context: streamContext } = earlier;
  const task = defineTask({ name: 'report', execute: () => 'done' });
  const route = createTaskRoute(task, { streamContext });
  const address = `http://localhost/task?taskId=${taskId}`;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ taskId });
  return [
    await route.GET(new Request(address)),
    await route.GET(new Request(address, { headers: { 'last-event-id': '999999999999999-1' } })),
    await route.POST(new Request(address, { method: 'POST', headers, body })),
    await route.DELETE(new Request(address, { method: 'DELETE' })),
    await resumeTask({ streamContext, chatId, request: new Request(address) }).toResponse(),
  ];
}

async function expectLeftAlone(): Promise<void> {
  const before = await stored();
  for (const response of await askInEachWay()) {
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: 'context-unavailable' } });
  }
  const away = { code: 'context-unavailable', retryable: true };
  await expect(earlier.context.inspect(taskId)).rejects.toMatchObject(away);
  await expect(earlier.context.claimOutcome?.(taskId)).rejects.toMatchObject(away);
  // What it might do behind the answers.
  await turns();
  await earlier.context.close();
  expect(await stored()).toEqual(before);
  expect(earlier.errors.map(({ message }) => message)).toEqual([
    expect.stringContaining('a task is stored by a later version of this package'),
  ]);
}

// R-FORMAT-1
it('is asked in vain for a running task of a later format, and leaves it as it is', async () => {
  await openLater();
  await expectLeftAlone();
});

// R-FORMAT-1
it('does not close a lost task of a later format', async () => {
  await openLater();
  await admin.send('DEL', key('l'));
  await expectLeftAlone();
});

// R-FORMAT-1
it('does not claim the outcome of a task of a later format', async () => {
  await openLater();
  await admin.send('HSET', key('m'), 'status', 'completed', 'unsaved', '1');
  await admin.send('DEL', key('l'));
  await expectLeftAlone();
});

// R-FORMAT-1
it('stops a task here whose id is that of one of a later format by now, and leaves that as it is', async () => {
  const options = { leaseMs: 600_000, token: createId(), frames: ['{"type":"start"}'] };
  const log = await earlier.context.open(taskId, options);
  await admin.send('DEL', key('m'), key('f'), key('l'));
  await openLater();
  const before = await stored();
  log?.append('{"type":"text-start","id":"t"}');
  expect(await log?.settle(['{"type":"finish"}'], 'completed')).toBe(false);
  expect(log?.signal.reason).toMatchObject({ cause: { code: 'lost' } });
  expect(await stored()).toEqual(before);
});

// R-FORMAT-1
it('says of each task in which format it is stored', async () => {
  const options = { leaseMs: 600_000, token: createId(), frames: ['{"type":"start"}'] };
  await earlier.context.open(taskId, options);
  expect(await admin.send('HGET', key('m'), 'format')).toBe('1');
});
