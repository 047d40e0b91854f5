import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { type RedisCluster, startRedisCluster } from '../helpers/redis-cluster';
import { type RedisServer, sharedRedisUrl, startRedis } from '../helpers/redis-server';

let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
});

describe('a private server', () => {
  it('answers, keeps its files in a folder of its own, and leaves nothing', async () => {
    const server = await start();
    expect(await send(server.url, 'PING')).toBe('PONG');
    const [, directory] = (await send(server.url, 'CONFIG', 'GET', 'dir')) as string[];
    expect(existsSync(directory!)).toBe(true);
    await server.stop();
    expect(existsSync(directory!)).toBe(false);
    expect(await isListening(server.port)).toBe(false);
  });

  it('listens on this machine only, and takes more configuration', async () => {
    const server = await start({ args: ['--maxmemory', '10mb'] });
    expect(await send(server.url, 'CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    expect(await send(server.url, 'CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', '10485760']);
  });

  it('says what a server said that would not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow('no-such-option');
  });

  it('answers nothing while it is paused, and everything afterwards', async () => {
    const server = await start();
    await server.pause();
    let answer: unknown;
    const answered = send(server.url, 'PING').then((value) => {
      answer = value;
    });
    // Longer than an answer takes; were it shorter, the test would only show less.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answer).toBeUndefined();
    server.resume();
    await answered;
    expect(answer).toBe('PONG');
  });

  it('forgets what it held when it is killed and started again on its port', async () => {
    const server = await start();
    await send(server.url, 'SET', 'key', 'value');
    await server.kill();
    expect(await isListening(server.port)).toBe(false);
    await server.restart();
    expect(await send(server.url, 'GET', 'key')).toBe(null);
  });

  it('keeps what it held when it is persistent, also when it is killed', async () => {
    const server = await start({ persistent: true });
    await send(server.url, 'SET', 'key', 'value');
    const { pid } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await send(server.url, 'GET', 'key')).toBe('value');
    await server.restart({ keepData: false });
    expect(await send(server.url, 'GET', 'key')).toBe(null);
  });

  it('ends with the process that started it, even if that is killed', async () => {
    const script = new URL('../../scripts/start-redis.mjs', import.meta.url);
    const finder = new URL('../../scripts/find-program.mjs', import.meta.url);
    const program = `
      import { startRedisServer } from '${script}';
      import { requireProgram } from '${finder}';
      const { port } = await startRedisServer({ command: requireProgram('redis') });
      console.log(port);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = await once(child.stdout, 'data');
    const port = Number(printed);
    expect(await isListening(port)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    await until(async () => !(await isListening(port)));
  });
});

describe('the database that tests share', () => {
  it('answers', async () => {
    expect(await send(sharedRedisUrl(), 'PING')).toBe('PONG');
  });
});

describe('a cluster', () => {
  it('has three nodes, which send a client to the right one', async () => {
    const cluster: RedisCluster = await startRedisCluster();
    stops.push(cluster.stop);
    for (const key of ['a', 'b', 'c', 'foo{bar}baz', '{}x']) {
      const home = cluster.nodeOf(key);
      expect(await send(home.url, 'SET', key, 'value')).toBe('OK');
      const other = cluster.nodes.find((node) => node !== home)!;
      await expect(send(other.url, 'GET', key)).rejects.toThrow(`127.0.0.1:${home.port}`);
    }
  });
});

async function start(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  stops.push(server.stop);
  return server;
}

async function send(url: string, ...command: string[]): Promise<unknown> {
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => {
    // The command rejects with the same.
  });
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
