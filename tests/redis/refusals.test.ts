import { TaskError } from 'ai-task-stream';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { resolveConnection } from '../../src/server/redis/client/resolve-connection';
import { createRedisKeys } from '../../src/server/redis/scripts/redis-keys';
import { aborted, createDeferred, until } from '../helpers/async';
import { setUpOwnServers } from '../helpers/own-redis';
import type { RedisAdmin } from '../helpers/redis-admin';
import {
  createHostClient,
  expectAccepted,
  type RedisInstance,
  withEachClient,
} from '../helpers/redis-contexts';
import { readWrites, storedChunksIn, typesIn } from '../helpers/sse';
import { createId, follow, readLog } from '../helpers/tasks';

const { instances, startServer, startWithAdmin } = setUpOwnServers();

/** A task that writes a word before and one after a gate. */
function startTask(
  streamContext: TaskStreamContext,
  { heartbeatMs = 1_000, graceMs }: { heartbeatMs?: number; graceMs?: number } = {},
) {
  const taskId = createId();
  const gate = createDeferred();
  const problems: unknown[] = [];
  const task = streamTask({
    streamContext,
    taskId,
    heartbeatMs,
    graceMs,
    onError: (error) => problems.push(error),
    execute: async ({ writer }) => {
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'before ' });
      await gate.promise;
      writer.write({ type: 'text-delta', id: 't', delta: 'after' });
      return 'done';
    },
  });
  return { taskId, gate, task, problems };
}

/** Waits until Redis has a word of the task. */
async function untilStored(admin: RedisAdmin, framesKey: string, word: string): Promise<void> {
  await until(async () => JSON.stringify(await admin.entries(framesKey)).includes(word));
}

interface Place {
  url: string;
  admin: RedisAdmin;
  keyOf(suffix: string): string;
}

interface Refusal {
  /** How the message names the cause. */
  says: RegExp;
  begin(place: Place): Promise<unknown>;
  /** Missing: it is for good. */
  end?(place: Place): Promise<unknown>;
}

const refusals: Refusal[] = [
  {
    says: /a key of this task holds something else; choose another keyPrefix \(WRONGTYPE/,
    async begin({ admin, keyOf }) {
      await admin.send('DEL', keyOf('f'));
      await admin.send('SET', keyOf('f'), 'something else');
    },
  },
  {
    says: /a key of this task holds something else; choose another keyPrefix \(WRONGTYPE/,
    async begin({ admin, keyOf }) {
      await admin.send('RENAME', keyOf('m'), 'kept');
      await admin.send('SET', keyOf('m'), 'something else');
    },
    end: ({ admin, keyOf }) => admin.send('RENAME', 'kept', keyOf('m')),
  },
  {
    says: /its memory is full \(maxmemory\) \(OOM /,
    begin: ({ admin }) => admin.send('CONFIG', 'SET', 'maxmemory', '1'),
    end: ({ admin }) => admin.send('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    says: /it is a replica, which only reads \(READONLY /,
    begin: ({ admin }) => admin.send('REPLICAOF', '127.0.0.1', '1'),
    end: ({ admin }) => admin.send('REPLICAOF', 'NO', 'ONE'),
  },
  {
    says: /it wants a password \(NOAUTH /,
    async begin({ admin }) {
      await admin.send('CONFIG', 'SET', 'requirepass', 'secret');
      await killOurs(admin);
    },
    end: ({ admin }) => admin.send('CONFIG', 'SET', 'requirepass', ''),
  },
  {
    says: /The user executing the script can't run this command|the user may not run a command/,
    begin: ({ admin }) => admin.send('ACL', 'SETUSER', 'ours', '-xadd'),
    end: ({ admin }) => admin.send('ACL', 'SETUSER', 'ours', '+xadd'),
  },
];

/** Ends all connections but that of the test. */
async function killOurs(admin: RedisAdmin): Promise<void> {
  for (const client of await admin.clients()) {
    await admin.send('CLIENT', 'KILL', 'ID', String(client.get('id')));
  }
}

// R-STORE-1
it('turns what Redis refuses in the middle into one error, and goes on', () =>
  withEachClient(async (kind) => {
    const refuse = async ({ says, begin, end }: Refusal) => {
      const { url, admin } = await startWithAdmin();
      await admin.send('ACL', 'SETUSER', 'ours', 'on', 'nopass', '~*', '&*', '+@all');
      const user = url.replace('//', '//ours:any@');
      const address = says.source.includes('user') ? user : url;
      const { context, keyPrefix, errors } = instances.open({ url: address, kind });
      const { taskId, gate, task, problems } = startTask(context, { graceMs: 1_200 });
      const keyOf = (suffix: string) => `${keyPrefix}:{${taskId}}:${suffix}`;
      const first = readWrites(await task.toResponse());
      await first.until('before ');
      await untilStored(admin, keyOf('f'), 'before ');
      const place = { url, admin, keyOf };
      await begin(place);
      gate.resolve();

      const chunks = storedChunksIn(await first.rest());
      expect(await expectAccepted(chunks)).toEqual(['before after']);
      expect(chunks.at(-1)).toEqual({ type: 'finish' });
      expect(await task.result).toBe('done');
      // It was tried again all the time, and is trouble of the context, not of the task.
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
      for (const error of errors) {
        expect(TaskError.isInstance(error)).toBe(true);
        expect(error).toMatchObject({ code: 'context-unavailable', retryable: true });
        expect(error.cause).toBeInstanceOf(Error);
      }
      expect(problems).toEqual([]);

      if (!end) return;
      await end(place);
      await until(async () => {
        const record = await context.inspect(taskId).catch(() => undefined);
        return record?.status === 'completed';
      });
      const log = (await readLog(context, taskId)).map((frame) => JSON.parse(frame));
      expect(log).toEqual(chunks);
      expect(errors).toHaveLength(1);
    };
    await Promise.all(refusals.map(refuse));
  }));

it('answers a start that Redis refuses with 503, and names the cause to the context alone', () =>
  withEachClient(async (kind) => {
    const start = async (
      says: RegExp,
      prepare: (admin: RedisAdmin, instance: RedisInstance, taskId: string) => Promise<unknown>,
      password = '',
    ) => {
      const { url, admin } = await startWithAdmin();
      const address = password ? url.replace('//', `//:${password}@`) : url;
      const instance = instances.open({ url: address, kind });
      const taskId = createId();
      await prepare(admin, instance, taskId);
      let runs = 0;
      for (let attempt = 0; attempt < 2; attempt++) {
        const task = streamTask({
          streamContext: instance.context,
          taskId,
          execute: () => {
            runs += 1;
          },
          onError() {},
        });
        const response = await task.toResponse();
        expect(response.status).toBe(503);
        const body = await response.text();
        expect(JSON.parse(body)).toMatchObject({ error: { code: 'context-unavailable' } });
        expect(body).not.toMatch(says);
      }
      expect(runs).toBe(0);
      expect(instance.errors.map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
      // Nothing is left behind without a time to live.
      const left = await admin.ttls().catch(() => new Map<string, number>());
      left.delete('given');
      for (const [key, ttl] of left) expect([key, ttl > 0]).toEqual([key, true]);
    };
    const setKey =
      (suffix: string) =>
      (admin: RedisAdmin, { keyPrefix }: RedisInstance, id: string) =>
        admin.send('SET', `${keyPrefix}:{${id}}:${suffix}`, 'something else', 'EX', '100');
    const requirePassword = (admin: RedisAdmin) =>
      admin.send('CONFIG', 'SET', 'requirepass', 'secret');
    await Promise.all([
      start(/WRONGTYPE/, setKey('m')),
      start(/WRONGTYPE/, setKey('c')),
      start(/OOM/, (admin) => admin.send('CONFIG', 'SET', 'maxmemory', '1')),
      start(/READONLY/, (admin) => admin.send('REPLICAOF', '127.0.0.1', '1')),
      start(/it wants a password/, requirePassword),
      start(/the password or the user is wrong/, requirePassword, 'wrong'),
    ]);
  }));

it('is told of a refused connection why it was refused, and never only that it was closed', () =>
  withEachClient(async (kind) => {
    const { url } = await startServer({ args: ['--requirepass', 'secret'] });
    const told: string[] = [];
    const events = {
      onReady() {},
      onMessage() {},
      onError: (error: unknown) => told.push(`${error}`),
    };
    const open = (await resolveConnection({ client: createHostClient(kind, url) }).findOpen())(
      events,
    );
    await until(() => told.length > 3);
    open.close();
    expect(told.filter((error) => !error.includes('NOAUTH'))).toEqual([]);
  }));

it('leaves the id of a task free that could not enter its chat, and what was asked of it', () =>
  withEachClient(async (kind) => {
    const { url, admin } = await startWithAdmin();
    const { context, keyPrefix, errors } = instances.open({ url, kind });
    const [taskId, cancelledId] = [createId(), createId()];
    const chat = await createRedisKeys(keyPrefix).chat(undefined, 'chat');
    await admin.send('SET', chat, 'something else');
    await context.cancel(cancelledId, { reason: 'Too late.' });
    let runs = 0;
    const start = (id: string) =>
      streamTask({
        streamContext: context,
        taskId: id,
        chatId: 'chat',
        concurrent: true,
        async execute({ signal }) {
          runs += 1;
          if (signal.aborted) await aborted(signal);
        },
        onError() {},
      }).toResponse();
    for (const id of [taskId, cancelledId]) expect((await start(id)).status).toBe(503);
    expect(runs).toBe(0);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/WRONGTYPE/)]);
    expect([...(await admin.ttls()).keys()].filter((key) => key.includes(taskId))).toEqual([]);

    await admin.send('DEL', chat);
    const [first, second] = await Promise.all([taskId, cancelledId].map(start));
    expect(await first?.text()).toContain('"status":"completed"');
    expect(await second?.text()).toContain('{"type":"abort","reason":"Too late."}');
  }));

it('puts the prefix of an ioredis client before all keys and channels', async () => {
  const { url, admin } = await startWithAdmin();
  const client = new Redis(url, { lazyConnect: true, keyPrefix: 'app:' });
  const open = () => createRedisStreamContext({ client, keyPrefix: 'tasks' });
  const [context, elsewhere] = [open(), open()];
  try {
    const taskId = createId();
    let released: Promise<unknown> | undefined;
    const task = streamTask({
      streamContext: context,
      taskId,
      chatId: 'chat',
      execute: ({ signal }) => aborted(signal),
      waitUntil(promise) {
        released = promise;
      },
    });
    const response = await task.toResponse();
    const reading = (await follow(elsewhere, taskId)).text();
    await elsewhere.cancel(createId());
    const channels = async () => (await admin.send('PUBSUB', 'CHANNELS', '*')) as string[];
    await until(async () => (await channels()).length === 2);
    const names = [...(await admin.ttls()).keys(), ...(await channels())];
    // Of the task the record, frames, lease and wake-ups; an early cancel, the chat, and the home.
    expect(names).toHaveLength(7);
    for (const name of names) expect(name).toMatch(/^app:tasks:/);
    expect(await elsewhere.activeTask('chat')).toBe(taskId);
    await elsewhere.cancel(taskId);
    expect(typesIn(await response.text()).at(-1)).toBe('abort');
    expect(typesIn(await reading).at(-1)).toBe('abort');
    await released;
  } finally {
    await Promise.all([context.close(), elsewhere.close()]);
    client.disconnect();
  }
});
