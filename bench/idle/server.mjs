// Serves readers of tasks that never end: `node server.mjs <route|bare> <tasks> <heartbeatMs>`.
import { createServer } from 'node:http';
import {
  createMemoryStreamContext,
  createTaskRoute,
  defineTask,
  toNodeHandler,
} from 'ai-task-stream/server';
import { taskIdOf } from './task-id.mjs';

const [kind, tasks, interval] = process.argv.slice(2);
const heartbeatMs = Number(interval);

async function routeHandler() {
  const task = defineTask({ name: 'idle', execute: () => new Promise(() => {}) });
  const route = createTaskRoute(task, { streamContext: createMemoryStreamContext(), heartbeatMs });
  for (let index = 0; index < Number(tasks); index++) {
    const { body } = await route.POST(
      new Request('http://localhost/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId: taskIdOf(index) }),
      }),
    );
    await body.cancel();
  }
  return toNodeHandler(route);
}

/** The least that a server can do: it knows no tasks. */
function bareHandler() {
  const responses = new Set();
  const beat = () => {
    const data = { taskId: taskIdOf(0), at: Date.now(), intervalMs: heartbeatMs };
    const chunk = JSON.stringify({ type: 'data-task-heartbeat', data, transient: true });
    const bytes = Buffer.from(`data: ${chunk}\n\n`);
    for (const response of responses) response.write(bytes);
  };
  setInterval(beat, heartbeatMs);
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write('retry: 1000\n\n');
    responses.add(response);
    response.on('close', () => responses.delete(response));
  };
}

const server = createServer(kind === 'bare' ? bareHandler() : await routeHandler());
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const { rss } = process.memoryUsage();
  process.send({ at: performance.now(), cpuMs: (user + system) / 1_000, rss });
});
