import { randomUUID } from 'node:crypto';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-v5';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient4 } from 'redis-v4';
import { createClient as createClient5 } from 'redis-v5';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl, startRedis } from '../helpers/redis-server';

/** What the tests need of a client that neither retries nor queues. */
interface Client {
  send(...command: string[]): Promise<unknown>;
  subscribe(channel: string, onMessage: (payload: string) => void): Promise<unknown>;
  close(): Promise<void>;
}

type Connect = (url: string) => Promise<Client>;

const clients: [string, Connect][] = [
  ['node-redis 6, RESP2', (url) => connectNodeRedis(createClient6({ ...once(url), RESP: 2 }))],
  ['node-redis 6, RESP3', (url) => connectNodeRedis(createClient6({ ...once(url), RESP: 3 }))],
  ['node-redis 5, RESP3', (url) => connectNodeRedis(createClient5({ ...once(url), RESP: 3 }))],
  ['node-redis 4', (url) => connectNodeRedis(createClient4(once(url)))],
  ['ioredis 6, RESP2', (url) => connectIoredis(new Redis6(url, { ...onlyOnce, protocol: 2 }))],
  ['ioredis 6, RESP3', (url) => connectIoredis(new Redis6(url, { ...onlyOnce, protocol: 3 }))],
  ['ioredis 5', (url) => connectIoredis(new Redis5(url, onlyOnce))],
];

let proxy: FaultProxy;
let open: Client[] = [];

beforeEach(async () => {
  proxy = await startFaultProxy(sharedRedisUrl());
});

afterEach(async () => {
  await Promise.all(open.map((client) => client.close()));
  open = [];
  await proxy.close();
});

describe.each(clients)('a proxy in front of Redis, with %s', (_, connectClient) => {
  const connect = async (): Promise<Client> => {
    const client = await connectClient(proxy.url);
    open.push(client);
    return client;
  };

  it('passes commands, answers of every kind and size, and counts', async () => {
    const client = await connect();
    const [key, list] = [randomUUID(), randomUUID()];
    const large = 'größe '.repeat(50_000);
    const evals = proxy.tally(([name, script]) => name === 'EVAL' && script === 'return 1');
    expect(await client.send('SET', key, large)).toBe('OK');
    expect(await client.send('GET', key)).toBe(large);
    expect(await client.send('rpush', list, 'a', 'b')).toBe(2);
    expect(await client.send('LRANGE', list, '0', '-1')).toEqual(['a', 'b']);
    expect(await client.send('EVAL', 'return 1', '0')).toBe(1);
    expect(await client.send('EVAL', "return {'message', {1, false}}", '0')).toEqual([
      'message',
      [1, null],
    ]);
    await expect(client.send('INCR', key)).rejects.toThrow('not an integer');
    await client.send('DEL', key, list);
    expect([proxy.count('EVAL'), evals()]).toEqual([2, 1]);
    expect([proxy.count('RPUSH'), proxy.count('DEL'), proxy.count('HGET')]).toEqual([1, 1, 0]);
  });

  it('loses the answer to the third of a kind, whose effect stays', async () => {
    const client = await connect();
    const key = randomUUID();
    let increments = 0;
    const swallowed = proxy.swallow(([name]) => name === 'INCR' && ++increments === 3);
    expect(await client.send('INCR', key)).toBe(1);
    expect(await client.send('INCR', key)).toBe(2);
    const lost = expect(client.send('INCR', key)).rejects.toThrow();
    expect(await swallowed).toEqual(['INCR', key]);
    await lost;
    await until(() => proxy.connectionCount === 0);
    const other = await connect();
    expect(await other.send('GET', key)).toBe('3');
    expect(await other.send('INCR', key)).toBe(4);
    await other.send('DEL', key);
  });

  it('holds one answer until it is released, and all that follow it', async () => {
    const [client, other] = [await connect(), await connect()];
    const key = randomUUID();
    const answers: string[] = [];
    const note = (answer: unknown) => answers.push(String(answer));
    const held = proxy.hold(([name, subject]) => name === 'INCR' && subject === key);
    const sent = [client.send('INCR', key).then(note), client.send('PING').then(note)];
    expect(await held.answered).toEqual(['INCR', key]);
    expect(await other.send('GET', key)).toBe('1');
    expect(answers).toEqual([]);
    held.release();
    await Promise.all(sent);
    expect(answers).toEqual(['1', 'PONG']);
    await other.send('DEL', key);
  });

  it('lets nothing pass while the delay is endless, and all of it afterwards', async () => {
    const client = await connect();
    proxy.delay(Number.POSITIVE_INFINITY);
    let answer: unknown;
    const sent = client.send('PING').then((value) => {
      answer = value;
    });
    await until(() => proxy.count('PING') > 0);
    expect(answer).toBeUndefined();
    proxy.delay(0);
    await sent;
    expect(answer).toBe('PONG');
  });

  it('takes its time both ways', async () => {
    const client = await connect();
    proxy.delay(40);
    const startedAt = performance.now();
    expect(await Promise.all([client.send('PING'), client.send('PING')])).toEqual(['PONG', 'PONG']);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
  });

  it('cuts what is there, and refuses what is new until it accepts again', async () => {
    const client = await connect();
    proxy.refuse();
    // Whoever was connected before stays so.
    expect(await client.send('PING')).toBe('PONG');
    await expect(connectClient(proxy.url)).rejects.toThrow();
    proxy.cut();
    await expect(client.send('PING')).rejects.toThrow();
    await proxy.accept();
    expect(await (await connect()).send('PING')).toBe('PONG');
  });

  it('holds, drops, doubles and delays messages, but no answers', async () => {
    const [subscriber, publisher] = [await connect(), await connect()];
    const channel = randomUUID();
    const received: string[] = [];
    await subscriber.subscribe(channel, (payload) => received.push(payload));
    let published = proxy.messageCount;
    const publish = async (payload: string) => {
      expect(await publisher.send('PUBLISH', channel, payload)).toBe(1);
      published += 1;
      await until(() => proxy.messageCount === published);
    };

    await publish('passes');
    await until(() => received.length === 1);
    proxy.treatMessages('hold');
    await publish('held first');
    await publish('held next');
    // Subscribing is answered, which shows that what came before is not just on its way.
    await subscriber.subscribe(randomUUID(), () => {});
    expect(received).toEqual(['passes']);
    proxy.treatMessages('duplicate');
    await until(() => received.length === 5);
    await publish('two');
    await until(() => received.length === 7);
    proxy.treatMessages(({ payload }) => (payload === 'dropped' ? 'drop' : 'pass'));
    await publish('dropped');
    await publish('last');
    await until(() => received.length === 8);
    expect(received).toEqual([
      'passes',
      ...['held first', 'held first', 'held next', 'held next'],
      ...['two', 'two'],
      'last',
    ]);
    proxy.treatMessages({ delayMs: 30 });
    const startedAt = performance.now();
    await publish('late');
    await until(() => received.at(-1) === 'late');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
  });
});

describe('a proxy in front of Redis', () => {
  it('passes it on when Redis dies, and connects again when it is back', async () => {
    const server = await startRedis();
    const inFront = await startFaultProxy(server.url);
    try {
      const connectClient = clients[0]![1];
      const client = await connectClient(inFront.url);
      open.push(client);
      await server.kill();
      await expect(client.send('PING')).rejects.toThrow();
      await expect(connectClient(inFront.url)).rejects.toThrow();
      await server.restart();
      const again = await connectClient(inFront.url);
      open.push(again);
      expect(await again.send('PING')).toBe('PONG');
    } finally {
      await inFront.close();
      await server.stop();
    }
  });
});

function once(url: string) {
  return { url, disableOfflineQueue: true, socket: { reconnectStrategy: () => false as const } };
}

const onlyOnce = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  // It keeps a timer for that long after it has disconnected.
  disconnectTimeout: 1,
};

/** What the majors have in common. */
interface NodeRedis {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(command: string[]): Promise<unknown>;
  duplicate(): NodeRedis;
  subscribe(channel: string, onMessage: (payload: string) => void): Promise<unknown>;
  destroy?(): void;
  disconnect?(): Promise<void>;
}

async function connectNodeRedis(created: unknown): Promise<Client> {
  const client = created as NodeRedis;
  client.on('error', () => {
    // Calls reject with the same.
  });
  await client.connect();
  return {
    send: (...command) => client.sendCommand(command),
    subscribe: (channel, onMessage) => client.subscribe(channel, onMessage),
    async close() {
      try {
        if (client.destroy) client.destroy();
        else await client.disconnect?.();
      } catch {
        // It is closed already.
      }
    },
  };
}

async function connectIoredis(client: Redis5 | Redis6): Promise<Client> {
  client.on('error', () => {
    // Calls reject with the same.
  });
  await client.connect();
  return {
    send: (name = '', ...args) => client.call(name, ...args),
    async subscribe(channel, onMessage) {
      client.on('message', (from: string, payload: string) => {
        if (from === channel) onMessage(payload);
      });
      await client.subscribe(channel);
    },
    async close() {
      client.disconnect();
    },
  };
}
