import { request } from 'node:http';
import { createServer } from 'node:net';
import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { startRedis } from '../helpers/redis-server';
import { runDemo, startDemo } from './start-demo';

it('runs without an API key: the local stand-in writes a whole report', async () => {
  const demo = await startDemo({ DEMO_WORDS_PER_SECOND: '3000' });
  try {
    expect(demo.output()).toContain('local stand-in');
    const stream = await post(`${demo.address}/api/report`, { input: { topic: 'Coffee' } });
    expect(stream).toContain('"status":"completed"');
    expect(stream).toContain('"title":"Coffee"');
    expect(stream.endsWith('data: [DONE]\n\n')).toBe(true);
  } finally {
    expect(await demo.stop()).toBe(0);
  }
});

it('says in one sentence that its port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    const { code, output } = await runDemo({ PORT: String(port) });
    expect(code).toBe(1);
    expect(output).toBe(
      `Port ${port} is in use: stop what listens there, or choose another with PORT=${port + 1} npm run demo.\n`,
    );
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

it('says in one sentence that a port is none', async () => {
  const { code, output } = await runDemo({ PORT: 'eighty' });
  expect(code).toBe(1);
  expect(output).toBe('PORT is "eighty", but has to be a number from 0 to 65535.\n');
});

it('keeps tasks in the Redis that REDIS_URL names, and says so', async () => {
  const redis = await startRedis();
  try {
    const demo = await startDemo({ DEMO_WORDS_PER_SECOND: '3000', REDIS_URL: redis.url });
    try {
      expect(demo.output()).toContain(`Redis at 127.0.0.1:${redis.port} (REDIS_URL)`);
      const stream = await post(`${demo.address}/api/report`, { input: { topic: 'Coffee' } });
      expect(stream).toContain('"status":"completed"');
    } finally {
      expect(await demo.stop()).toBe(0);
    }
    const client = createClient({ url: redis.url });
    await client.connect();
    expect(await client.dbSize()).toBeGreaterThan(0);
    client.destroy();
  } finally {
    await redis.stop();
  }
});

it('says in one sentence that several instances need a Redis, when there is none', async () => {
  const env = { PATH: '/nowhere', REDIS_SERVER_PATH: '' };
  const { code, output } = await runDemo(env, ['--instances', '2']);
  expect(code).toBe(1);
  expect(output).toBe(
    'There is no Redis here: install one (Debian: `apt-get install redis-server` as root), or set ' +
      'REDIS_SERVER_PATH to a redis-server or valkey-server, or REDIS_URL to one that runs.\n',
  );
});

it('says in one sentence that a number of instances is none', async () => {
  const { code, output } = await runDemo({}, ['--instances', 'two']);
  expect(code).toBe(1);
  expect(output).toBe('--instances is "two", but has to be a number from 1 to 9.\n');
});

/** Without a connection pool, which would outlive the test. */
function post(url: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(url, { method: 'POST', agent: false, headers }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve(text);
    });
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
