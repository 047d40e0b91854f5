import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import type { TaskStreamContext } from 'ai-task-stream/server';
import { type TestStreamContextOptions, testStreamContext } from 'ai-task-stream/testing';
import { Redis } from 'ioredis';
import { Redis as RedisV5 } from 'ioredis-v5';
import { createClient } from 'redis';
import { createClient as createClientV4 } from 'redis-v4';
import { createClient as createClientV5 } from 'redis-v5';
import { describe, it } from 'vitest';
import { connectAdmin } from '../helpers/redis-admin';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';

const url = sharedRedisUrl();
/** Large enough for what the suite stores in one frame, and for a machine that is busy. */
const limits = {
  maxFrameBytes: 8 * 1024 * 1024,
  maxUnflushedBytes: 8 * 1024 * 1024,
  commandTimeoutMs: 60_000,
};
/** Redis has a clock of its own. */
const settings: TestStreamContextOptions = {
  ...{ describe, it, name: 'Redis', without: ['the time of this process'] },
  timeoutMs: 120_000,
};

describe.each([
  ['a URL', () => ({ url })],
  ['a client of redis 5', () => ({ client: createClientV5({ url }) })],
  ['a client of redis 4', () => ({ client: createClientV4({ url }) })],
  ['a client of ioredis 6', () => ({ client: new Redis(url, { lazyConnect: true }) })],
  ['a client of ioredis 5', () => ({ client: new RedisV5(url, { lazyConnect: true }) })],
  [
    'a client of ioredis with a keyPrefix',
    () => ({ client: new Redis(url, { lazyConnect: true, keyPrefix: 'app:' }) }),
  ],
])('%s', (_name, connect) => {
  const keyPrefix = `contract-${randomUUID()}`;
  testStreamContext(
    () => createRedisStreamContext({ ...connect(), keyPrefix, ...limits }),
    settings,
  );
});

describe('a client of redis 6, whose wire can be cut', () => {
  const keyPrefix = `contract-${randomUUID()}`;
  const wires = new Map<TaskStreamContext, FaultProxy>();

  const create = async (): Promise<TaskStreamContext> => {
    const wire = await startFaultProxy(url);
    const client = createClient({ url: wire.url });
    // That the wire was cut is not news here.
    const onError = () => {};
    const context = createRedisStreamContext({ client, keyPrefix, ...limits, onError });
    const close = async () => {
      await context.close();
      await wire.close();
    };
    const created = { ...context, close };
    wires.set(created, wire);
    return created;
  };

  const cut = async (context: TaskStreamContext) => {
    const wire = wires.get(context);
    wire?.refuse();
    wire?.cut();
    return () => wire?.accept();
  };

  /** What another database without a disk would have after a restart. */
  const empty = async () => {
    const admin = await connectAdmin(url);
    const keys = [...(await admin.ttls()).keys()].filter((key) => key.startsWith(keyPrefix));
    if (keys.length > 0) await admin.send('DEL', ...keys);
    admin.close();
  };

  const deafen = (context: TaskStreamContext) => {
    wires.get(context)?.treatMessages('drop');
    return () => wires.get(context)?.treatMessages('pass');
  };

  /** What is left of a log that somebody has trimmed. */
  const lose = async (taskId: string) => {
    const admin = await connectAdmin(url);
    await admin.send('XTRIM', `${keyPrefix}:{${taskId}}:f`, 'MAXLEN', '3');
    admin.close();
  };

  testStreamContext(create, { ...settings, cut, empty, deafen, lose });
});
