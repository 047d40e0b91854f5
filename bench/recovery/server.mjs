// A server of one task, which counts, with a checkpoint after each number. SIGTERM drains it.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';

const [url, heartbeatMs] = process.argv.slice(2);
const streamContext = createRedisStreamContext({ url });

const count = defineTask({
  name: 'count',
  heartbeatMs: Number(heartbeatMs),
  retry: { attempts: 100, maxTotal: 1_000 },
  onError() {},
  async execute({ task, signal }) {
    for (let n = Number(task.lastCheckpoint ?? 0); ; n++) {
      task.partial(n);
      await task.checkpoint(n + 1);
      await sleep(100, undefined, { signal });
    }
  },
});

const server = createServer(toNodeHandler(createTaskRoute(count, { streamContext })));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('SIGTERM', async () => {
  await streamContext.drain();
  process.exit(0);
});
process.once('disconnect', () => process.exit(0));
