// One of several servers behind an address: serves two kinds of tasks, and drains at SIGTERM.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createTaskRoute, defineTask, drainOnSignal, toNodeHandler } from 'ai-task-stream/server';
import { aborted } from '../../helpers/async';

const streamContext = createRedisStreamContext({
  url: process.env.TASK_SERVER_REDIS_URL,
  keyPrefix: process.env.TASK_SERVER_KEY_PREFIX,
});

/** Six steps with a checkpoint behind each; the first attempt stays in the third until it has to go. */
const steps = defineTask({
  name: 'steps',
  // An attempt that counted would be the last one.
  retry: { attempts: 1 },
  heartbeatMs: 60_000,
  execute: async ({ task, signal }) => {
    for (let step = Number(task.lastCheckpoint ?? 0); step < 6; step++) {
      signal.throwIfAborted();
      task.partial({ step, attempt: task.attempt });
      while (step === 2 && task.attempt === 1 && !task.isDraining) await sleep(5);
      await task.checkpoint(step + 1);
    }
    return process.pid;
  },
});

/** Does nothing until it has to go. */
const plain = defineTask({
  name: 'plain',
  heartbeatMs: 60_000,
  execute: async ({ task, signal }) => {
    task.log('Begun');
    await aborted(signal);
    throw signal.reason;
  },
});

const handlers = new Map([
  ['/steps', toNodeHandler(createTaskRoute(steps, { streamContext }))],
  ['/plain', toNodeHandler(createTaskRoute(plain, { streamContext }))],
]);
const server = createServer((request, response) => {
  const handle = handlers.get(request.url?.split('?')[0] ?? '');
  if (handle) void handle(request, response);
  else response.writeHead(404).end();
});

drainOnSignal(streamContext, {
  // A second signal, and a second call, change nothing.
  signals: ['SIGTERM', 'SIGINT'],
  timeoutMs: 4_000,
  onDrained() {
    server.close(() => process.exit(0));
  },
});

server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
