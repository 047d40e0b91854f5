// Serves chats whose turns stand still, each at the point that its chat's id tells. It is killed then.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { toNodeHandler } from 'ai-task-stream/server';
import { createHeldChats, heldAt } from '../../helpers/held-chats';
import { connectAdmin } from '../../helpers/redis-admin';
import { createRedisTexts } from '../../helpers/redis-texts';

const { HELD_REDIS_URL: url = '', HELD_KEY_PREFIX: keyPrefix = '' } = process.env;

const streamContext = createRedisStreamContext({ url, keyPrefix });
const chats = createHeldChats({
  streamContext,
  heartbeatMs: Number(process.env.HELD_HEARTBEAT_MS),
  store: createRedisTexts(await connectAdmin(url), keyPrefix),
  async hold(chatId, point) {
    if (point !== heldAt(chatId)) return;
    process.send?.({ held: chatId });
    await new Promise(() => {});
  },
});
const handlers = { once: toNodeHandler(chats.once), again: toNodeHandler(chats.again) };

const server = createServer((request, response) => {
  const isAgain = request.url?.startsWith('/again');
  void handlers[isAgain ? 'again' : 'once'](request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

process.once('SIGTERM', async () => {
  server.close();
  await streamContext.drain?.({ timeoutMs: 1_500 });
  process.exit(0);
});
