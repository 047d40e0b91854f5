// One of several servers of the same tasks, which may be killed at any moment. It tells where it serves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createTaskRoute, toNodeHandler } from 'ai-task-stream/server';
import { createClient } from 'redis';
import { defineSurvivors } from '../../helpers/survivors';

const { SURVIVOR_REDIS_URL: url = '', SURVIVOR_KEY_PREFIX: keyPrefix = '' } = process.env;
const heartbeatMs = Number(process.env.SURVIVOR_HEARTBEAT_MS);

const streamContext = createRedisStreamContext({ url, keyPrefix });
const world = createClient({ url });
await world.connect();

const tasks = defineSurvivors(
  {
    async callTool(key) {
      await world.hIncrBy(`${keyPrefix}:asked`, key, 1);
      // The key makes sure that what is asked for twice is done once, and answered alike.
      await world.hSetNX(`${keyPrefix}:done`, key, `result of ${key.split(':')[1]}`);
      return (await world.hGet(`${keyPrefix}:done`, key)) ?? '';
    },
    async save(saved) {
      await world.rPush(`${keyPrefix}:saved`, JSON.stringify(saved));
    },
  },
  { heartbeatMs },
);

const handlers = new Map([
  ['/text', toNodeHandler(createTaskRoute(tasks.text, { streamContext }))],
  ['/batch', toNodeHandler(createTaskRoute(tasks.batch, { streamContext }))],
  ['/agent', toNodeHandler(createTaskRoute(tasks.agent, { streamContext }))],
  ['/chat', toNodeHandler(createTaskRoute(tasks.chat, { streamContext }))],
]);

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  void handlers.get(path)?.(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

process.once('SIGTERM', async () => {
  server.close();
  await streamContext.drain?.({ timeoutMs: 4_000 });
  process.exit(0);
});
