// One invocation: it serves one request, and is gone after it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createTaskRoute, superviseOnce, toNodeHandler } from 'ai-task-stream/server';
import { digest, heartbeatMs } from './digest';

/** What the host has to wait for, such as a task that goes on when its page has left. */
const awaited: Promise<unknown>[] = [];

// All that an invocation finds of those before it.
const streamContext = createRedisStreamContext({
  url: process.env.REDIS_URL,
  keyPrefix: process.env.KEY_PREFIX,
});

const handleDigest = toNodeHandler(
  createTaskRoute(digest, { streamContext, waitUntil: (promise) => awaited.push(promise) }),
);

/** What the platform's cron job asks for every now and then. */
async function lookAfterTasks(): Promise<string> {
  return JSON.stringify(await superviseOnce({ streamContext, tasks: [digest], heartbeatMs }));
}

const server = createServer(async (request, response) => {
  if (request.url === '/cron') response.end(await lookAfterTasks());
  else await handleDigest(request, response);
  await Promise.all(awaited);
  process.exit();
});

// The host sends the request to this port, and ends this process if it takes too long.
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
